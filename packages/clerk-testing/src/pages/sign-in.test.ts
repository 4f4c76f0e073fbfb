import { createClerkClient } from '@clerk/backend'
import { clerkMiddleware, getAuth } from '@clerk/express'
import express from 'express'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestIssuer, type OfflineClerk, startClerk } from '../index.js'
import { Browser } from '../testing/browser.js'
import { listen } from '../testing/listen.js'

let offset = 0
const { key: signingKey } = await createTestIssuer()
let offline: OfflineClerk
let app: Awaited<ReturnType<typeof listen>>
let browser: Browser

beforeEach(async () => {
  offset = 0
  offline = await startClerk({ signingKey, now: () => Date.now() + offset })
  const server = express()
  // The middleware's own client reads the environment only.
  const keys = { publishableKey: offline.publishableKey, secretKey: offline.secretKey, apiUrl: offline.url }
  server.use(
    clerkMiddleware({
      clerkClient: createClerkClient(keys),
      ...keys,
      proxyUrl: offline.url,
      authorizedParties: origins,
    }),
  )
  server.get('/', (req, res) => {
    const { userId, orgId } = getAuth(req)
    res.json({ userId, orgId })
  })
  app = await listen(server)
  origins.splice(0, origins.length, `http://localhost:${app.port}`, `http://127.0.0.1:${app.port}`)
  browser = new Browser()
})
afterEach(async () => {
  await app.close()
  await offline.stop()
})
const origins: string[] = []

const signInUrl = (redirectUrl: string) =>
  `${offline.url}/sign-in?redirect_url=${encodeURIComponent(redirectUrl)}`

async function signIn(identifier: string, redirectUrl: string, more: Record<string, string> = {}) {
  const form = await browser.open(signInUrl(redirectUrl))
  return browser.submit(form.url, '/sign-in', { identifier, redirect_url: redirectUrl, ...more })
}

describe.each(['localhost', '127.0.0.1'])('an application at %s with the official @clerk/express', (host) => {
  const home = () => `http://${host}:${app.port}/`

  test('takes the sign-in of the page, without a handshake', async () => {
    const user = offline.createUser({ emailAddress: 'ada@example.com' })
    const visit = await signIn('ada@example.com', home())
    expect(visit.url.href).toBe(home())
    expect(visit.hops).toHaveLength(2)
    expect(JSON.parse(visit.text)).toMatchObject({ userId: user.id })
    expect([...browser.cookies(host).keys()].sort()).toEqual(
      ['__clerk_db_jwt', '__client_uat', '__session']
        .flatMap((name) => [name, `${name}_${offline.tokens.cookieSuffix}`])
        .sort(),
    )
  })

  test('signs in by itself when the token has expired, and out when the session has ended', async () => {
    const user = offline.createUser({ emailAddress: 'ada@example.com' })
    offset = -120_000
    const page = `http://${host}:${new URL(offline.url).port}`
    await browser.submit(page, '/sign-in', { identifier: 'ada@example.com', redirect_url: home() }, 1)
    offset = 0
    const recovered = await browser.open(home())
    expect(recovered.hops.some((hop) => hop.includes('/v1/client/handshake'))).toBe(true)
    expect(JSON.parse(recovered.text)).toMatchObject({ userId: user.id })
    expect(recovered.url.href).toBe(home())

    offline.banUser(user)
    browser.cookies(host).delete('__session')
    browser.cookies(host).delete(`__session_${offline.tokens.cookieSuffix}`)
    expect(JSON.parse((await browser.open(home())).text)).toMatchObject({ userId: null })
  })

  test('is signed out for a new browser, without a loop', async () => {
    const visit = await browser.open(home())
    expect(JSON.parse(visit.text)).toMatchObject({ userId: null })
    expect(visit.url.href).toBe(home())
  })

  test('is signed out after signing out on the page', async () => {
    const user = offline.createUser({ emailAddress: 'ada@example.com' })
    await signIn('ada@example.com', home())
    const page = await browser.open(`${offline.url}/sign-out?redirect_url=${encodeURIComponent(home())}`)
    const visit = await browser.submit(page.url, '/sign-out', { redirect_url: home() })
    expect(JSON.parse(visit.text)).toMatchObject({ userId: null })
    expect(offline.webhooks.deliveries.at(-1)).toMatchObject({
      type: 'session.ended',
      event: { data: { user_id: user.id } },
    })
  })

  test('sees the organisation that was chosen', async () => {
    const user = offline.createUser({ emailAddress: 'ada@example.com' })
    const { id } = offline.createOrganization({ name: 'Acme', createdBy: user.id })
    const visit = await signIn(user.id, home(), { organization_id: id })
    expect(JSON.parse(visit.text)).toEqual({ userId: user.id, orgId: id })
  })
})

test('signing up creates the user, accepts the invitation and signs in', async () => {
  const organization = offline.createOrganization({ name: 'Acme' })
  const invitation = offline.inviteMember(organization, 'new@example.com', 'org:admin')
  const home = `http://127.0.0.1:${app.port}/`
  const form = await browser.open(`${invitation.url}&redirect_url=${encodeURIComponent(home)}`)
  expect(form.text).toContain('value="new@example.com"')
  const visit = await browser.submit(form.url, '/sign-up', {
    email_address: 'new@example.com',
    first_name: 'New',
    redirect_url: home,
    invitation: invitation.id,
  })
  const { userId } = JSON.parse(visit.text)
  expect(offline.getUser(userId).first_name).toBe('New')
  expect(offline.webhooks.deliveries.map(({ type }) => type)).toContain('organizationInvitation.accepted')
})

test('a sign-in token signs in once', async () => {
  const user = offline.createUser({ username: 'ada' })
  const answer = await fetch(`${offline.url}/v1/sign_in_tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${offline.secretKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: user.id, expires_in_seconds: 60 }),
  })
  const { url } = (await answer.json()) as { url: string }
  const target = `${url}&redirect_url=${encodeURIComponent(`http://127.0.0.1:${app.port}/`)}`
  expect(JSON.parse((await browser.open(target)).text)).toMatchObject({ userId: user.id })
  expect((await new Browser().open(target)).status).toBe(400)
})

test('the page says who is unknown or banned, and escapes what it repeats', async () => {
  const user = offline.createUser({ username: 'ada', firstName: '<script>alert(1)</script>' })
  const unknown = await browser.submit(offline.url, '/sign-in', { identifier: '"><img src=x>' })
  expect(unknown.status).toBe(422)
  expect(unknown.text).toContain('role="alert"')
  expect(unknown.text).not.toContain('<img')
  expect(unknown.text).not.toContain('<script>')
  offline.banUser(user)
  expect((await browser.submit(offline.url, '/sign-in', { identifier: 'ada' })).text).toContain('banned')
})

test.each([
  'https://attacker.example/',
  '//attacker.example',
  'javascript:alert(1)',
  'http://localhost.attacker.example',
  'http://user@localhost/',
])('the page does not go to %s', async (target) => {
  offline.createUser({ username: 'ada' })
  expect((await browser.open(signInUrl(target))).status).toBe(400)
  expect(
    (await browser.submit(offline.url, '/sign-in', { identifier: 'ada', redirect_url: target })).status,
  ).toBe(400)
  const handshake = await browser.open(
    `${offline.url}/v1/client/handshake?redirect_url=${encodeURIComponent(target)}`,
  )
  expect(handshake.status).toBe(400)
})

test('a script of the application gets fresh tokens and cookies, a script from elsewhere gets nothing', async () => {
  const user = offline.createUser({ username: 'ada' })
  await signIn('ada', `http://127.0.0.1:${app.port}/`)
  const ask = (
    origin: string,
    cookie = [...browser.cookies('127.0.0.1')].map((pair) => pair.join('=')).join('; '),
  ) => fetch(`${offline.url}/v1/client/token`, { method: 'POST', headers: { origin, cookie } })
  const answer = await ask(`http://127.0.0.1:${app.port}`)
  const { jwt } = (await answer.json()) as { jwt: string }
  expect(JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
    sub: user.id,
    azp: `http://127.0.0.1:${app.port}`,
  })
  expect(answer.headers.get('access-control-allow-origin')).toBe(`http://127.0.0.1:${app.port}`)
  expect((await ask('https://attacker.example')).status).toBe(403)
  expect((await ask(`http://127.0.0.1:${app.port}`, '')).status).toBe(401)
  expect(await (await fetch(`${offline.url}/offline.js`)).text()).toContain('/v1/client/token')
})
