import { createHash } from 'node:crypto'
import { createClerkClient } from '@clerk/backend'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestIssuer, type OfflineClerk, startClerk } from '../index.js'
import { Browser } from '../testing/browser.js'

const REDIRECT = 'http://localhost:4999/callback'
const VERIFIER = 'a-verifier-of-forty-three-characters-or-more-x'
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')
const SCOPES = 'openid profile email offline_access'

const { key: signingKey } = await createTestIssuer()
let offline: OfflineClerk
let client: { id: string; secret: string }
let ada: string

beforeEach(async () => {
  offline = await startClerk({ signingKey })
  ada = offline.createUser({ firstName: 'Ada', emailAddress: ['ada@example.com'] }).id
  const { oauthApplications } = createClerkClient({ secretKey: offline.secretKey, apiUrl: offline.url })
  const made = await oauthApplications.create({
    name: 'Notes',
    redirectUris: [REDIRECT],
    scopes: SCOPES,
    public: false,
  })
  client = { id: made.clientId, secret: made.clientSecret ?? '' }
})
afterEach(() => offline.stop())

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
})
const own = () => basic(client.id, client.secret)

async function post(path: string, fields: Record<string, string>, headers: Record<string, string> = own()) {
  const answer = await fetch(`${offline.url}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  })
  const text = await answer.text()
  return { status: answer.status, json: text === '' ? null : JSON.parse(text) }
}

/** Ada signs in and decides; the fields with which the browser came back. */
async function consent(decision: 'allow' | 'deny', more: Record<string, string> = {}) {
  const asked = {
    ...{
      response_type: 'code',
      client_id: client.id,
      redirect_uri: REDIRECT,
      scope: SCOPES,
      state: 'a state',
    },
    ...{ code_challenge: CHALLENGE, code_challenge_method: 'S256', ...more },
  }
  const browser = new Browser()
  const url = `${offline.url}/oauth/authorize?${new URLSearchParams(asked)}`
  const signInPage = await browser.open(url)
  const page = await browser.submit(signInPage.url, '/sign-in', {
    identifier: 'ada@example.com',
    redirect_url: url,
  })
  expect(page.text).toContain('wants to act for Ada')
  // By hand: nothing listens where it is sent to.
  const answer = await fetch(`${offline.url}/oauth/authorize`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      origin: offline.url,
      'sec-fetch-site': 'same-origin',
      cookie: [...browser.cookies(new URL(offline.url).hostname)].map((pair) => pair.join('=')).join('; '),
    },
    body: new URLSearchParams({ ...asked, decision }),
  })
  expect(answer.status).toBeLessThan(400)
  return new URL(answer.headers.get('location') ?? '').searchParams
}

const exchange = (code: string, headers?: Record<string, string>, verifier = VERIFIER) =>
  post(
    '/oauth/token',
    { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier },
    headers,
  )

test('a confidential client gets tokens for a code once, and userinfo tells what the scopes allow', async () => {
  const back = await consent('allow')
  expect(Object.fromEntries(back)).toMatchObject({ state: 'a state', iss: offline.issuer })
  const code = back.get('code') ?? ''
  const { status, json } = await exchange(code)
  expect([status, json.token_type, json.scope]).toEqual([200, 'Bearer', SCOPES])
  const info = await fetch(`${offline.url}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${json.access_token}` },
  })
  expect(await info.json()).toMatchObject({ given_name: 'Ada', email: 'ada@example.com' })
  expect(await exchange(code)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } })
})

test('a client that cannot prove who it is gets nothing, and no secret is guessed from what it sent', async () => {
  const code = (await consent('allow')).get('code') ?? ''
  const other = Buffer.from('%:%').toString('base64')
  for (const headers of [
    basic(client.id, 'wrong'),
    basic(client.id, ''),
    { authorization: `Basic ${other}` },
    {},
  ])
    expect(await exchange(code, headers)).toMatchObject({ status: 401, json: { error: 'invalid_client' } })
  expect(await exchange(code, own(), 'another verifier')).toMatchObject({ json: { error: 'invalid_grant' } })
  // Used up by the wrong proof.
  expect(await exchange(code)).toMatchObject({ json: { error: 'invalid_grant' } })
})

test('who says no sends back access_denied, and no code', async () => {
  const back = await consent('deny')
  expect([back.get('error'), back.get('code')]).toEqual(['access_denied', null])
})

test('a refresh token is used once, and not after it was revoked or its user was banned', async () => {
  const first = (await exchange((await consent('allow')).get('code') ?? '')).json
  const refresh = (token: string) =>
    post('/oauth/token', { grant_type: 'refresh_token', refresh_token: token })
  const second = await refresh(first.refresh_token)
  expect(second.status).toBe(200)
  expect(await refresh(first.refresh_token)).toMatchObject({ json: { error: 'invalid_grant' } })
  expect(await post('/oauth/token/revoke', { token: second.json.refresh_token })).toMatchObject({
    status: 200,
  })
  expect(await refresh(second.json.refresh_token)).toMatchObject({ json: { error: 'invalid_grant' } })

  const third = (await exchange((await consent('allow')).get('code') ?? '')).json
  offline.banUser(ada)
  expect(await refresh(third.refresh_token)).toMatchObject({ json: { error: 'invalid_grant' } })
})

test('an access token that was revoked tells nothing about its user', async () => {
  const { json } = await exchange((await consent('allow')).get('code') ?? '')
  await post('/oauth/token/revoke', { token: json.access_token })
  const info = await fetch(`${offline.url}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${json.access_token}` },
  })
  expect(info.status).toBe(401)
})

test('a client is told whether a token of its own is active, and nothing of others', async () => {
  const { json } = await exchange((await consent('allow')).get('code') ?? '')
  const told = async (token: string, headers = own()) =>
    (await post('/oauth/token_info', { token }, headers)).json
  expect(await told(json.access_token)).toEqual({
    active: true,
    client_id: client.id,
    iat: expect.any(Number),
    scope: SCOPES,
    sub: ada,
  })
  expect(await told(json.refresh_token)).toMatchObject({ active: true, sub: ada })
  expect(await told('oat_unknown')).toEqual({ active: false })
  const { token } = offline.createOAuthToken({ user: ada, clientId: 'another' })
  expect(await told(token)).toEqual({ active: false })
  await post('/oauth/token/revoke', { token: json.access_token })
  expect(await told(json.access_token)).toEqual({ active: false })
  for (const headers of [{}, basic(client.id, 'wrong')])
    expect(await post('/oauth/token_info', { token }, headers)).toMatchObject({ status: 401 })
  const discovered = await fetch(`${offline.url}/.well-known/oauth-authorization-server`)
  expect(await discovered.json()).toMatchObject({
    introspection_endpoint: `${offline.issuer}/oauth/token_info`,
  })
})

test('a person decides without a browser: offline.consent() answers where it would have been sent', async () => {
  const url = new URL(`${offline.url}/oauth/authorize`)
  const asked = { response_type: 'code', client_id: client.id, redirect_uri: REDIRECT, state: 'a state' }
  for (const [name, value] of Object.entries({
    ...asked,
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  }))
    url.searchParams.set(name, value)
  const back = await offline.consent(url, ada)
  expect(`${back.origin}${back.pathname}`).toBe(REDIRECT)
  expect((await exchange(back.searchParams.get('code') ?? '')).status).toBe(200)
  expect((await offline.consent(url.href, { id: ada }, 'deny')).searchParams.get('error')).toBe(
    'access_denied',
  )
  url.searchParams.set('response_type', 'token')
  expect((await offline.consent(url, ada)).searchParams.get('error')).toBe('unsupported_response_type')
  url.searchParams.set('client_id', 'unknown')
  await expect(offline.consent(url, ada)).rejects.toThrow('sent nowhere')
  await expect(offline.consent('https://clerk.example.com/oauth/authorize', ada)).rejects.toThrow(
    'not the consent page',
  )
})
