import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClerkClient, verifyToken } from '@clerk/backend'
import { verifyWebhook } from '@clerk/backend/webhooks'
import { Webhook } from 'svix'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestIssuer, type OfflineClerk, startClerk } from './index.js'

let offline: OfflineClerk
beforeEach(async () => {
  offline = await startClerk()
})
afterEach(() => offline.stop())

const accept = (token: string, apiUrl = offline.url) =>
  verifyToken(token, { secretKey: offline.secretKey, apiUrl, skipJwksCache: true }).then(
    (claims) => claims.sub,
    () => 'refused',
  )

const authenticate = (headers: Record<string, string>, path = '/') =>
  createClerkClient({
    secretKey: offline.secretKey,
    publishableKey: offline.publishableKey,
    apiUrl: offline.url,
  }).authenticateRequest(new Request(`http://localhost:3000${path}`, { headers }), {
    authorizedParties: ['http://localhost:3000'],
    skipJwksCache: true,
  })

test('the official SDK accepts tokens before and after a rotation, and refuses those of a revoked key', async () => {
  const user = offline.createUser({ username: 'ada' })
  const old = await offline.token(user)
  const oldKey = offline.tokens.kid
  expect(await accept(old)).toBe(user.id)
  await offline.tokens.rotate()
  const fresh = await offline.token(user)
  expect([await accept(old), await accept(fresh)]).toEqual([user.id, user.id])
  offline.tokens.revokeKey(oldKey)
  // The SDK never forgets a key it has seen under one apiUrl, so it is asked as a process that has not seen it.
  const other = offline.url.replace('127.0.0.1', 'localhost')
  expect([await accept(old, other), await accept(fresh, other)]).toEqual(['refused', user.id])
})

test('the official SDK verifies with the PEM, without any request', async () => {
  const user = offline.createUser({ username: 'ada' })
  const claims = await verifyToken(await offline.token(user), { jwtKey: offline.tokens.pem })
  expect(claims.sub).toBe(user.id)
  expect(offline.requests).toEqual([])
})

test('the official SDK reads the organisation of both token versions alike', async () => {
  const user = offline.createUser({ username: 'ada' })
  const organization = offline.createOrganization({ name: 'Acme', createdBy: user.id })
  for (const version of [1, 2] as const) {
    const authorization = (await offline.authHeader(user, { organization, options: { version } }))
      .authorization
    const state = await authenticate({ authorization })
    expect(state.toAuth()).toMatchObject({
      userId: user.id,
      orgId: organization.id,
      orgRole: 'org:admin',
      orgSlug: 'acme',
    })
  }
  const issuer = await createTestIssuer({ key: offline.tokens.key, frontendApi: new URL(offline.url).host })
  const permissions = ['org:invoices:read', 'org:invoices:write', 'org:reports:read']
  for (const version of [1, 2] as const) {
    const token = await issuer.mint(
      { organization: { id: 'org_1', permissions }, features: ['o:billing'], azp: 'http://localhost:3000' },
      { version },
    )
    const state = await authenticate({ authorization: `Bearer ${token}` })
    const auth = state.toAuth() as { orgPermissions: string[] }
    expect([...auth.orgPermissions].sort()).toEqual(permissions)
  }
})

test('the official SDK refuses a token for another party, and a user gets no token for an organisation they do not belong to', async () => {
  const user = offline.createUser({ username: 'ada' })
  const organization = offline.createOrganization({ name: 'Acme' })
  const signedIn = async (headers: Record<string, string>) => (await authenticate(headers)).isAuthenticated
  expect(await signedIn(await offline.authHeader(user))).toBe(true)
  expect(await signedIn(await offline.authHeader(user, { azp: 'https://attacker.example' }))).toBe(false)
  await expect(offline.token(user, { organization })).rejects.toThrow('not found')
})

test('verifyWebhook and svix accept a delivery, byte for byte, and refuse it changed, re-signed or under another secret', async () => {
  const received: { headers: Record<string, string>; body: string }[] = []
  const app = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    received.push({ headers: req.headers as Record<string, string>, body: Buffer.concat(chunks).toString() })
    res.end('ok')
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  offline.webhooks.sendTo(`http://127.0.0.1:${(app.address() as AddressInfo).port}/hook`)
  const user = offline.createUser({ emailAddress: 'ada@example.com', firstName: 'Ädä' })
  await offline.webhooks.settled()
  app.close()

  const [{ headers, body } = expect.fail('nothing arrived')] = received
  const verified = (change: { headers?: object; body?: string; secret?: string } = {}) =>
    verifyWebhook(
      new Request('http://localhost/', {
        method: 'POST',
        headers: { ...headers, ...change.headers },
        body: change.body ?? body,
      }),
      { signingSecret: change.secret ?? offline.webhookSecret },
    ).then(
      (event) => event.data.id,
      () => 'refused',
    )
  expect(await verified()).toBe(user.id)
  expect(new Webhook(offline.webhookSecret).verify(body, headers)).toMatchObject({ type: 'user.created' })
  expect(await verified({ body: body.replace('Ädä', 'Bob') })).toBe('refused')
  expect(await verified({ headers: { 'svix-id': 'msg_other' } })).toBe('refused')
  expect(
    await verified({ secret: `whsec_${Buffer.from('another secret entirely').toString('base64')}` }),
  ).toBe('refused')
})

test('the official SDK refuses every forgery, except those that break a rule which only this library has', async () => {
  const issuer = await createTestIssuer({
    key: offline.tokens.key,
    frontendApi: new URL(offline.url).host,
    azp: 'http://localhost:3000',
  })
  const accepted: string[] = []
  for (const [name, forge] of Object.entries(issuer.forge)) {
    const token = await forge()
    const state = await authenticate({ authorization: `Bearer ${token}` }).catch(() => undefined)
    if (state?.isAuthenticated) accepted.push(name)
  }
  expect(accepted.sort()).toMatchInlineSnapshot(`
    [
      "b64False",
      "crit",
      "critEmpty",
      "expFloat",
      "expMilliseconds",
      "expOverflow",
      "expTenYears",
      "headerInvalidUtf8",
      "iatMissing",
      "issArray",
      "issMissing",
      "issOther",
      "newline",
      "oneMebibyte",
      "payloadInvalidUtf8",
      "pending",
      "sidMissing",
      "signaturePadded",
      "subEmpty",
      "tooLarge",
      "zip",
    ]
  `)
})
