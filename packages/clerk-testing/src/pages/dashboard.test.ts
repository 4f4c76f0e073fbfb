import { request } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestIssuer, type OfflineClerk, startClerk } from '../index.js'
import { Browser } from '../testing/browser.js'

const { key: signingKey } = await createTestIssuer()
let offline: OfflineClerk
const browser = new Browser()
beforeEach(async () => {
  offline = await startClerk({ signingKey })
})
afterEach(() => offline.stop())

const send = (path: string, fields: Record<string, string> = {}) => browser.submit(offline.url, path, fields)

test('users are found, created, changed, banned, unbanned and deleted', async () => {
  await send('/dashboard/users', {
    email_address: 'ada@example.com',
    username: 'ada',
    first_name: 'Ada',
    last_name: '',
  })
  const [user] = Object.values(offline.webhooks.deliveries).map(({ event }) => event.data as { id: string })
  const id = user?.id ?? ''
  expect((await browser.open(`${offline.url}/dashboard?query=ada`)).text).toContain(`/dashboard/users/${id}`)
  expect((await browser.open(`${offline.url}/dashboard?query=bob`)).text).toContain('Nothing here yet')
  await send(`/dashboard/users/${id}`, {
    first_name: 'Grace',
    last_name: 'Hopper',
    username: 'ada',
    external_id: 'x',
    public_metadata: '{"a":1}',
    private_metadata: '{}',
  })
  expect(offline.getUser(id)).toMatchObject({
    first_name: 'Grace',
    external_id: 'x',
    public_metadata: { a: 1 },
  })
  await send(`/dashboard/users/${id}/sessions`)
  await send(`/dashboard/users/${id}/ban`)
  expect(offline.getUser(id).banned).toBe(true)
  await send(`/dashboard/users/${id}/unban`)
  const wrong = await send(`/dashboard/users/${id}`, { public_metadata: '{' })
  expect([wrong.status, wrong.text.includes('must be JSON')]).toEqual([422, true])
  await send(`/dashboard/users/${id}/delete`)
  expect(() => offline.getUser(id)).toThrow()
  expect(offline.webhooks.deliveries.map(({ type }) => type)).toEqual([
    'user.created',
    'user.updated',
    'session.created',
    'session.revoked',
    'user.updated',
    'user.updated',
    'user.deleted',
  ])
})

test('organisations and their members are changed', async () => {
  const user = offline.createUser({ username: 'ada' })
  await send('/dashboard/organizations', { name: 'Acme', created_by: '' })
  const { id } = offline.getOrganization('acme')
  await send(`/dashboard/organizations/${id}/members`, { user_id: user.id, role: 'org:member' })
  await send(`/dashboard/organizations/${id}/members/${user.id}`, { role: 'org:admin' })
  expect((await browser.open(`${offline.url}/dashboard/organizations/${id}`)).text).toContain(
    '<option selected>org:admin</option>',
  )
  await send(`/dashboard/organizations/${id}`, { name: 'Acme 2', slug: 'acme-2', public_metadata: '{}' })
  expect(offline.getOrganization('acme-2').name).toBe('Acme 2')
  await send(`/dashboard/organizations/${id}/members/${user.id}/remove`)
  await send(`/dashboard/organizations/${id}/delete`)
  expect(offline.webhooks.deliveries.slice(-2).map(({ type }) => type)).toEqual([
    'organizationMembership.deleted',
    'organization.deleted',
  ])
})

test('sessions end, webhooks are broken and replayed, keys rotate, faults are set and cleared', async () => {
  const session = offline.createSession(offline.createUser())
  expect((await browser.open(`${offline.url}/dashboard/sessions`)).text).toContain(session.id)
  await send(`/dashboard/sessions/${session.id}/end`)
  expect(offline.getSession(session).status).toBe('ended')

  await send('/dashboard/webhooks/endpoint', { url: 'http://127.0.0.1:1/hook' })
  await send('/dashboard/webhooks/chaos', { drop: 'on', delayMs: '0' })
  await send('/dashboard/webhooks/test', { type: 'waitlistEntry.created' })
  const delivery = offline.webhooks.deliveries.at(-1)
  expect(delivery).toMatchObject({ type: 'waitlistEntry.created', status: 'dropped' })
  const replayed = await send(`/dashboard/webhooks/${delivery?.id}/replay`)
  expect(replayed.text).toContain('No answer')
  expect(delivery?.attempts).toHaveLength(1)
  expect((await send('/dashboard/webhooks/endpoint', { url: 'javascript:alert(1)' })).status).toBe(422)

  const kid = offline.tokens.kid
  await send('/dashboard/keys')
  await send(`/dashboard/keys/${kid}/revoke`)
  expect(offline.tokens.jwks().keys.map((key) => key.kid)).toEqual([offline.tokens.kid])
  await send('/dashboard/faults', { route: 'GET /v1/users', fault: '500' })
  expect(offline.faults.active.size).toBe(1)
  expect((await send('/dashboard/faults', { route: 'nonsense', fault: '500' })).status).toBe(422)
  await send('/dashboard/faults/clear')
  expect(offline.faults.active.size).toBe(0)
})

test('every page is whole: a title, one main heading, labelled fields, no inline script', async () => {
  const user = offline.createUser({
    firstName: '<b>Ada</b>',
    publicMetadata: { markup: '</textarea><b>Ada</b>' },
  })
  const organization = offline.createOrganization({ name: '"Acme" & Co', createdBy: user.id })
  for (const path of [
    '/dashboard',
    `/dashboard/users/${user.id}`,
    '/dashboard/organizations',
    `/dashboard/organizations/${organization.id}`,
    '/dashboard/sessions',
    '/dashboard/webhooks',
    `/dashboard/webhooks/${offline.webhooks.deliveries[0]?.id}`,
    '/dashboard/machines',
    '/dashboard/oauth',
    '/dashboard/roles',
    '/dashboard/settings',
    '/account',
  ]) {
    const { text, status } = await browser.open(`${offline.url}${path}`)
    expect(status).toBe(200)
    // A page has one script of this server, or may run none.
    const policy = (await fetch(`${offline.url}${path}`)).headers.get('content-security-policy')
    const script = path === '/account' ? [] : [path === '/dashboard/settings' ? 'copy' : 'live']
    expect([path, /script-src 'self';/.test(policy ?? '')]).toEqual([path, script.length > 0])
    expect(text.match(/<script[^>]*>[^<]*/g) ?? []).toEqual(
      script.map((name) => `<script src="/offline-${name}.js" defer>`),
    )
    expect(policy).toMatch(/^default-src 'none';(?!.*unsafe)/)
    expect(text.match(/<h1>/g)).toHaveLength(1)
    expect(text).toMatch(/<html lang="en">[\s\S]*<title>[^<]+<\/title>/)
    expect(text).not.toMatch(/<b>Ada|style=| on[a-z]+=/)
    for (const [field] of text.matchAll(/<(?:input(?! type="hidden")|select|textarea)[^>]*>/g)) {
      expect(text.slice(0, text.indexOf(field)).lastIndexOf('<label')).toBeGreaterThan(
        text.slice(0, text.indexOf(field)).lastIndexOf('</label>'),
      )
    }
  }
})

test('a form of another origin changes nothing', async () => {
  const user = offline.createUser()
  for (const headers of [
    { origin: 'https://attacker.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site', origin: 'null' },
    { 'sec-fetch-site': 'same-site', origin: offline.url },
    { origin: 'http://127.0.0.1:1' },
  ] as Record<string, string>[]) {
    for (const path of [`/dashboard/users/${user.id}/ban`, '/sign-in', '/sign-up', '/sign-out']) {
      const answer = await fetch(`${offline.url}${path}`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ identifier: user.id }),
      })
      expect(answer.status).toBe(403)
    }
  }
  expect(offline.getUser(user).banned).toBe(false)
})

test.each(['attacker.example', 'localhost.attacker.example', '127.0.0.1.attacker.example'])(
  'a page asked for as "%s" is refused: its name may have been rebound',
  async (host) => {
    const { port } = new URL(offline.url)
    const status = await new Promise((resolve, reject) =>
      request(
        { host: '127.0.0.1', port, path: '/dashboard', headers: { host: `${host}:${port}` } },
        (res) => {
          res.resume()
          resolve(res.statusCode)
        },
      )
        .on('error', reject)
        .end(),
    )
    expect(status).toBe(403)
  },
)
