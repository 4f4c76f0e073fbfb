import { afterAll, describe, expect, it } from 'vitest'
import { type Answer, hang, json, startServer, type TestServer, text } from '../../../testing/http-server.js'
import { compact, unsigned } from '../../../testing/signer.js'
import { resolveOptions } from '../../configure.js'
import type { ClerkEvent } from '../../ground/observe/events.js'
import { createObserver } from '../../ground/observe/observer.js'
import type { ClerkOptions } from '../../options.js'
import { createKeySource } from '../keys/create-key-source.js'
import { createMachineVerifier } from './machine.js'

const START = 1_800_000_000_000
const servers: TestServer[] = []
afterAll(() => Promise.all(servers.map((server) => server.stop())))

const apiKey = {
  object: 'api_key',
  id: 'ak_id_1',
  name: 'CI',
  subject: 'user_1',
  scopes: ['read'],
  claims: { team: 'a' },
  revoked: false,
  expired: false,
  expiration: null,
}
const KEY = 'ak_0123456789abcdef'

async function setUp(answer: Answer, options: Partial<ClerkOptions> = {}) {
  const server = await startServer(answer)
  servers.push(server)
  const clock = { now: START }
  const resolved = resolveOptions({
    issuer: 'https://clerk.example.com',
    secretKey: 'sk_test_instance',
    machineSecretKey: 'ak_machine',
    apiUrl: server.url,
    authorizedParties: 'any',
    accept: { apiKeys: true, m2m: true, oauth: true },
    now: () => clock.now,
    ...options,
  })
  const observer = createObserver(resolved.now)
  const events: ClerkEvent[] = []
  observer.add((event) => events.push(event))
  const verifier = createMachineVerifier(resolved, createKeySource(resolved, observer), observer)
  const resultOf = async (bearer: string) => {
    const { hash: _hash, ...rest } = await verifier.verify(bearer)
    return rest
  }
  return { server, clock, verifier, resultOf, events }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe('what a bearer is', () => {
  it('is told by its form', async () => {
    const { verifier } = await setUp(json(apiKey))
    const session = compact({ alg: 'RS256', typ: 'JWT' }, { sub: 'user_1' }, unsigned)
    const forms = {
      ak_x: 'api_key',
      mt_x: 'm2m',
      oat_x: 'oauth',
      [session]: null,
      AK_x: null,
      'not.a.jwt': null,
      '': null,
    }
    for (const [bearer, type] of Object.entries(forms)) {
      expect([bearer, verifier.typeOf(bearer)]).toEqual([bearer, type])
    }
  })
})

describe('verification at Clerk', () => {
  it.each([
    ['api_key', KEY, '/api_keys/verify', { secret: KEY }, 'sk_test_instance'],
    ['m2m', 'mt_0123456789', '/m2m_tokens/verify', { token: 'mt_0123456789' }, 'ak_machine'],
    [
      'oauth',
      'oat_0123456789',
      '/oauth_applications/access_tokens/verify',
      { access_token: 'oat_0123456789' },
      'sk_test_instance',
    ],
  ])('%s', async (tokenType, bearer, path, body, authority) => {
    const { server, resultOf } = await setUp(json(apiKey))
    expect(await resultOf(bearer)).toEqual({
      ok: true,
      machine: {
        tokenType,
        id: 'ak_id_1',
        subject: 'user_1',
        scopes: tokenType === 'm2m' ? [] : ['read'],
        claims: { team: 'a' },
        audience: tokenType === 'm2m' ? ['read'] : [],
        clientId: null,
        actor: null,
        name: 'CI',
        expiresAt: null,
      },
      until: expect.any(Number),
      cached: false,
    })
    expect(server.requests).toEqual([
      { method: 'POST', path, authorization: `Bearer ${authority}`, body: JSON.stringify(body) },
    ])
  })

  it.each<[string, Answer, unknown]>([
    ['unknown', json({ errors: [] }, 404), 'machine-credential-invalid'],
    ['malformed', json({ errors: [] }, 400), 'machine-credential-invalid'],
    ['revoked, with a 200', json({ ...apiKey, revoked: true }), 'machine-credential-revoked'],
    ['expired, with a 200', json({ ...apiKey, expired: true }), 'machine-credential-expired'],
    ['past its expiration (ms)', json({ ...apiKey, expiration: START - 1 }), 'machine-credential-expired'],
    ['past its expiration (s)', json({ ...apiKey, expiration: START / 1000 }), 'machine-credential-expired'],
    ['flagged in an unknown way', json({ ...apiKey, revoked: 'yes' }), 'machine-credential-revoked'],
    ['without an id', json({ ...apiKey, id: undefined }), 'machine-credential-invalid'],
    ['without a subject', json({ ...apiKey, subject: '' }), 'machine-credential-invalid'],
    ['not an object', json([]), 'machine-credential-invalid'],
  ])('refuses a credential that is %s', async (_name, answer, reason) => {
    const { resultOf } = await setUp(answer)
    expect(await resultOf(KEY)).toEqual({ ok: false, reason })
  })

  it.each<[string, Answer, number]>([
    ['refuses our own key', json({}, 401), 1],
    ['forbids it', json({}, 403), 1],
    ['asks for patience', json({}, 429, { 'retry-after': '7' }), 7],
    ['asks for too much patience', json({}, 429, { 'retry-after': '9999' }), 60],
    ['is down', text('', 500), 1],
    ['is being repaired', text('', 503, { 'retry-after': '5' }), 5],
    ['redirects', text('', 307, { location: 'http://127.0.0.1:9/' }), 1],
    ['sends HTML', text('<html>'), 1],
    ['sends too much', json({ ...apiKey, name: 'x'.repeat(70_000) }), 1],
    ['breaks off', (_request, response) => void response.destroy(), 1],
  ])('does not know when Clerk %s', async (_name, answer, retryAfterSeconds) => {
    const { resultOf } = await setUp(answer)
    expect(await resultOf(KEY)).toEqual({ ok: false, unavailable: { retryAfterSeconds } })
  })

  it('asks about nothing that is not accepted, or cannot be a credential', async () => {
    const { server, resultOf } = await setUp(json(apiKey), { accept: {} })
    for (const bearer of [KEY, 'mt_0123456789', 'oat_0123456789']) {
      expect(await resultOf(bearer)).toEqual({ ok: false, reason: 'machine-type-not-accepted' })
    }
    const open = await setUp(json(apiKey))
    for (const bearer of [
      'ak_',
      'ak_x y',
      'ak_0123456789\n',
      `ak_${'x'.repeat(600)}`,
      'ak_ünicode1234',
      'zz_0123456789',
    ]) {
      expect(await open.resultOf(bearer)).toEqual({ ok: false, reason: 'machine-credential-invalid' })
    }
    expect([server.requests.length, open.server.requests.length]).toEqual([0, 0])
  })

  it('freezes what it hands out', async () => {
    const { resultOf } = await setUp(json(apiKey))
    const answer = await resultOf(KEY)
    if (!('machine' in answer)) throw new Error('refused')
    expect(() => (answer.machine.scopes as string[]).push('admin')).toThrow(TypeError)
    expect(Object.isFrozen(answer.machine.claims)).toBe(true)
  })
})

describe('remembering', () => {
  it('asks once a minute about a good credential', async () => {
    const { server, clock, resultOf, events } = await setUp(json(apiKey))
    for (let i = 0; i < 3; i++) expect(await resultOf(KEY)).toMatchObject({ ok: true })
    clock.now += 59_999
    await resultOf(KEY)
    expect(server.requests).toHaveLength(1)
    server.answer = json({ ...apiKey, revoked: true })
    clock.now += 1
    expect(await resultOf(KEY)).toEqual({ ok: false, reason: 'machine-credential-revoked' })
    expect(server.requests).toHaveLength(2)
    expect(events.map(({ name }) => name).slice(0, 2)).toEqual(['cache.miss', 'cache.hit'])
  })

  it('never past the expiry of the credential, nor after the clock is set back', async () => {
    const { server, clock, resultOf } = await setUp(json({ ...apiKey, expiration: START + 10_000 }))
    await resultOf(KEY)
    clock.now += 10_000
    expect(await resultOf(KEY)).toEqual({ ok: false, reason: 'machine-credential-expired' })
    clock.now -= 20_000
    await resultOf(KEY)
    expect(server.requests).toHaveLength(3)
  })

  it('caches nothing that was refused or could not be verified', async () => {
    const { server, clock, resultOf } = await setUp(text('', 500))
    await resultOf(KEY)
    server.answer = json({}, 404)
    expect(await resultOf(KEY)).toEqual({ ok: false, reason: 'machine-credential-invalid' })
    server.answer = json(apiKey)
    clock.now += 1
    expect(await resultOf(KEY)).toMatchObject({ ok: true })
  })

  it('tells credentials apart that share a beginning', async () => {
    const { resultOf, server } = await setUp(json(apiKey))
    await resultOf(KEY)
    server.answer = json({}, 404)
    expect(await resultOf(`${KEY}0`)).toMatchObject({ ok: false })
    expect(await resultOf(KEY.slice(0, -1))).toMatchObject({ ok: false })
  })

  it('asks once for many at a time', async () => {
    const { server, resultOf } = await setUp(json(apiKey))
    const results = await Promise.all(Array.from({ length: 100 }, () => resultOf(KEY)))
    expect(results.every((result) => 'machine' in result)).toBe(true)
    expect(server.requests).toHaveLength(1)
  })
})

describe('a flood of invented credentials', () => {
  const invent = (i: number) => `ak_invented_${String(i).padStart(6, '0')}`

  it('costs at most a fifth of what Clerk answers in 10 s, and leaves known credentials alone', async () => {
    const { server, clock, resultOf } = await setUp(json(apiKey))
    await resultOf(KEY)
    server.answer = json({}, 404)
    const flood = async () => {
      const before = server.requests.length
      for (let round = 0; round < 20; round++) {
        await Promise.all(Array.from({ length: 50 }, (_, i) => resultOf(invent(round * 50 + i))))
      }
      return server.requests.length - before
    }
    expect(await flood()).toBeLessThanOrEqual(20)
    expect(await resultOf(invent(5000))).toEqual({ ok: false, unavailable: { retryAfterSeconds: 1 } })
    expect(await resultOf(KEY)).toMatchObject({ ok: true })
    clock.now += 10_000
    expect(await resultOf(invent(0))).toEqual({ ok: false, reason: 'machine-credential-invalid' })
  })

  it('does not lock out a credential that Clerk has confirmed before, until Clerk refuses it', async () => {
    const { server, clock, resultOf } = await setUp(json(apiKey))
    await resultOf(KEY)
    clock.now += 60_000
    const flood = async () => {
      server.answer = json({}, 404)
      for (let i = 0; i < 60; i++) await resultOf(invent(i))
    }
    await flood()
    server.answer = json(apiKey)
    expect(await resultOf(invent(99))).toMatchObject({ unavailable: { retryAfterSeconds: 1 } })
    expect(await resultOf(KEY)).toMatchObject({ ok: true })

    clock.now += 60_000
    await flood()
    expect(await resultOf(KEY)).toEqual({ ok: false, reason: 'machine-credential-invalid' })
    expect(await resultOf(KEY)).toMatchObject({ unavailable: {} })
  })

  it('keeps 8 requests going at a time, 64 waiting, and turns the rest away at once', async () => {
    const { server, resultOf } = await setUp(hang)
    const results = Array.from({ length: 100 }, (_, i) => resultOf(invent(i)))
    expect(await results[99]).toEqual({ ok: false, unavailable: { retryAfterSeconds: 1 } })
    await until(() => server.requests.length === 8)
    server.answer = json({}, 404)
    // Those that hang end with the timeout; the waiting ones then have their turn.
    await server.stop()
    const answers = await Promise.all(results)
    expect(answers.filter((answer) => 'unavailable' in answer)).toHaveLength(100)
    expect(server.requests).toHaveLength(8)
  })

  it('stops asking for as long as Clerk says', async () => {
    const { server, clock, resultOf } = await setUp(json({}, 429, { 'retry-after': '7' }))
    await resultOf(invent(1))
    server.answer = json(apiKey)
    clock.now += 6999
    expect(await resultOf(KEY)).toEqual({ ok: false, unavailable: { retryAfterSeconds: 1 } })
    expect(server.requests).toHaveLength(1)
    clock.now += 1
    expect(await resultOf(KEY)).toMatchObject({ ok: true })
  })
})
