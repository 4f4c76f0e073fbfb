import { request } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type StartClerkOptions, startClerk } from '../index.js'
import { PageClient } from '../testing/page-client.js'

const password = 'correct horse'

async function open(options: StartClerkOptions = {}) {
  const offline = await startClerk({
    seed: { users: [{ emailAddress: 'ada@example.com', password }] },
    ...options,
  })
  onTestFinished(() => offline.stop())
  const page = new PageClient(offline.url)
  const signIn = (by = page) =>
    by.ask('POST', '/client/sign_ins', { strategy: 'password', identifier: 'ada@example.com', password })
  return { offline, page, signIn }
}

describe('who may ask', () => {
  test('a page of another origin reads nothing, with cookies or without', async () => {
    const { offline, page, signIn } = await open()
    await signIn()
    const { value: session } = [...(offline.snapshot().state.sessions ?? [])].map(([id]) => ({
      value: id,
    }))[0] ?? { value: '' }
    for (const origin of [
      'https://evil.example',
      'http://localhost.evil.example',
      'http://evil.localhost@evil.example',
      'null',
      'file://',
    ]) {
      for (const [method, path] of [
        ['GET', '/client'],
        ['PATCH', '/environment'],
        ['POST', `/client/sessions/${session}/tokens`],
        ['POST', '/dev_browser'],
      ] as const) {
        const answer = await page.fetch(method, path, {}, { headers: { origin } })
        expect([origin, path, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
          origin,
          path,
          403,
          null,
        ])
      }
    }
  })

  test('a request that another site makes a browser send is refused, one of the same origin is not', async () => {
    const { offline, page, signIn } = await open()
    await signIn()
    const cookie = `__clerk_db_jwt=${page.cookies.get('__clerk_db_jwt')}`
    const ask = (headers: Record<string, string>) =>
      fetch(`${offline.url}/v1/client?__clerk_api_version=1`, { headers: { cookie, ...headers } })
    for (const site of ['cross-site', 'same-site'])
      expect((await ask({ 'sec-fetch-site': site })).status).toBe(403)
    for (const site of ['same-origin', 'none'])
      expect((await ask({ 'sec-fetch-site': site })).status).toBe(200)
  })

  test('the page that asks is named in every answer, refusals and faults included', async () => {
    const { offline, page } = await open()
    offline.faults.set('POST /v1/client/sign_ups', { status: 503 })
    for (const [method, path, status] of [
      ['GET', '/client', 200],
      ['POST', '/client/sign_ins/nothing/attempt_first_factor', 422],
      ['GET', '/me', 401],
      ['POST', '/me/passkeys', 404],
      ['POST', '/client/sign_ups', 503],
    ] as const) {
      const answer = await page.fetch(method, path)
      expect([
        path,
        answer.status,
        answer.headers.get('access-control-allow-origin'),
        answer.headers.get('access-control-allow-credentials'),
        answer.headers.get('vary'),
      ]).toEqual([path, status, page.origin, 'true', 'origin'])
    }
    const asked = await fetch(`${offline.url}/v1/client/sessions/x/tokens`, {
      method: 'OPTIONS',
      headers: { origin: page.origin },
    })
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, page.origin])
  })

  test('a page of another origin uses up neither a fault that a test has set nor a limit', async () => {
    const { offline, page, signIn } = await open({ rateLimits: { attempts: 1 } })
    offline.faults.set('GET /v1/client', { status: 503, times: 1 })
    const foreign = { headers: { origin: 'https://evil.example' } }
    expect((await page.fetch('GET', '/client', {}, foreign)).status).toBe(403)
    expect((await page.fetch('GET', '/client')).status).toBe(503)
    for (let index = 0; index < 2; index++)
      expect((await page.fetch('POST', '/client/sign_ins', {}, foreign)).status).toBe(403)
    expect((await signIn()).response.status).toBe('complete')
  })

  test('an operation that is not served says so', async () => {
    const { page } = await open()
    const answer = await page.fetch('POST', '/me/passkeys')
    expect(await answer.json()).toMatchObject({
      errors: [{ long_message: expect.stringContaining('does not serve POST /v1/me/passkeys') }],
    })
  })

  test('a host that is not this machine is refused: DNS rebinding', async () => {
    const { offline } = await open()
    for (const path of [
      '/v1/client?__clerk_api_version=1',
      '/v1/environment',
      '/npm/@clerk/clerk-js@6/dist/clerk.browser.js',
    ]) {
      const status = await new Promise((resolve, reject) => {
        request(`${offline.url}${path}`, { headers: { host: 'rebound.example' } }, (res) =>
          resolve(res.statusCode),
        )
          .on('error', reject)
          .end()
      })
      expect([path, status]).toEqual([path, 403])
    }
  })

  test('a page at another host name is told why it would not be signed in', async () => {
    const { offline } = await open()
    const page = new PageClient(offline.url, 'http://localhost:3000')
    expect(await page.refusal('GET', '/client', {}, { headers: { 'sec-fetch-site': 'cross-site' } })).toEqual(
      [400, 'page_host_mismatch'],
    )
    const browser = await page.ask('POST', '/dev_browser')
    page.cookies.set('__clerk_db_jwt', browser.id)
    expect((await page.ask('GET', '/client')).response.sessions).toEqual([])
  })

  test("a backend's paths stay its own: a page needs its session, a backend its key", async () => {
    const { offline, page, signIn } = await open()
    await signIn()
    const organization = offline.createOrganization({ name: 'Acme' })
    const url = `${offline.url}/v1/organizations/${organization.id}`
    const cookie = `__clerk_db_jwt=${page.cookies.get('__clerk_db_jwt')}`
    expect((await fetch(url, { headers: { cookie } })).status).toBe(401)
    const key = { authorization: `Bearer ${offline.secretKey}` }
    expect((await fetch(url, { headers: key })).status).toBe(200)
    // The method in the query is the script's way only.
    expect((await fetch(`${url}?_method=DELETE`, { method: 'POST', headers: key })).status).toBe(404)
    expect(
      (await fetch(`${offline.url}/v1/users?__clerk_api_version=1`, { headers: { cookie } })).status,
    ).toBe(401)
    expect(offline.getOrganization(organization).name).toBe('Acme')
  })
})

describe('limits', () => {
  test('attempts to sign in are counted when limits are on', async () => {
    const { page } = await open({ now: () => 1_800_000_000_000, rateLimits: true })
    const attempt = () =>
      page.fetch('POST', '/client/sign_ins', {
        strategy: 'password',
        identifier: 'ada@example.com',
        password: 'wrong',
      })
    const statuses = []
    for (let index = 0; index < 6; index++) statuses.push((await attempt()).status)
    expect(statuses).toEqual([422, 422, 422, 422, 422, 429])
    expect((await attempt()).headers.get('retry-after')).toBe('10')
    expect((await page.fetch('GET', '/client')).status).toBe(200)
  })

  test('texts and bodies have an end', async () => {
    const { page } = await open()
    expect(await page.refusal('POST', '/client/sign_ins', { identifier: 'a'.repeat(4097) })).toEqual([
      422,
      'form_param_format_invalid',
    ])
    expect(await page.refusal('POST', '/client/sign_ins', { identifier: 'a'.repeat(5_000_000) })).toEqual([
      413,
      'request_body_too_large',
    ])
  })

  test('a hundred pages are signed in at once, each with its own session', async () => {
    const { offline, signIn } = await open()
    const pages = Array.from({ length: 100 }, () => new PageClient(offline.url))
    const answers = await Promise.all(pages.map((page) => signIn(page)))
    expect(new Set(answers.map(({ response }) => response.created_session_id)).size).toBe(100)
    expect(new Set(pages.map(({ cookies }) => cookies.get('__clerk_db_jwt'))).size).toBe(100)
  })
})

describe("Clerk's scripts", () => {
  test('come from the packages that are installed, to be read by every page', async () => {
    const { offline } = await open()
    const script = await fetch(`${offline.url}/npm/@clerk/clerk-js@6/dist/clerk.browser.js`)
    expect([
      script.status,
      script.headers.get('access-control-allow-origin'),
      script.headers.get('content-type'),
    ]).toEqual([200, '*', 'text/javascript; charset=utf-8'])
    expect((await script.text()).length).toBeGreaterThan(100_000)
    expect((await fetch(`${offline.url}/npm/@clerk/ui@latest/dist/ui.browser.js`)).status).toBe(200)
  })

  test('of another major version, and everything else on the disk, are not there', async () => {
    const { offline } = await open()
    const other = await fetch(`${offline.url}/npm/@clerk/clerk-js@5/dist/clerk.browser.js`)
    expect(other.status).toBe(404)
    expect(await other.json()).toMatchObject({
      errors: [{ long_message: expect.stringContaining('npm install --save-dev @clerk/clerk-js@5') }],
    })
    for (const path of [
      'clerk-js@6/dist/..%2Fpackage.json',
      'clerk-js@6/dist/%2e%2e%2fpackage.json',
      'clerk-js@6/dist/..%2F..%2F..%2Fknip.js',
      'backend@3/dist/index.js',
      '..%2Fexpress/dist/index.js',
      'clerk-js@6/dist/.hidden.js',
    ])
      expect([path, (await fetch(`${offline.url}/npm/@clerk/${path}`)).status]).toEqual([path, 404])
  })
})
