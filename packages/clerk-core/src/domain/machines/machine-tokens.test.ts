import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Answer, hangUp, json, startServer, text } from '../../../testing/http-server.js'
import { resolveOptions } from '../../configure.js'
import { ClerkApiError, ConfigurationError } from '../../ground/errors.js'
import { SILENT } from '../../ground/observe/observer.js'
import type { ClerkOptions } from '../../options.js'
import type { MachineTokenOptions } from './clerk-machines.js'
import { createMachineTokens, freshnessOf, timesOf } from './machine-tokens.js'

const START = 1_800_000_000_000
const HOUR = 3_600_000
const SECRET = 'ak_secretofthismachine'

/** Clerk, as it answers; its clock is ten minutes ahead. */
function issuing(lifetimeMs: number | null = HOUR): { answer: Answer; made: () => number } {
  const created = START + 600_000
  let count = 0
  const answer: Answer = (request, response) => {
    count++
    json(
      {
        object: 'machine_to_machine_token',
        id: `mt_${count}`,
        subject: 'mch_shop',
        scopes: ['mch_billing'],
        claims: null,
        token: `mt_credential_${count}`,
        expiration: lifetimeMs === null ? null : created + lifetimeMs,
        created_at: created,
        updated_at: created,
      },
      201,
    )(request, response)
  }
  return { answer, made: () => count }
}

async function setUp(answer: Answer, options: Partial<ClerkOptions> = {}) {
  const server = await startServer(answer)
  onTestFinished(() => server.stop())
  const clock = { now: START }
  const resolved = resolveOptions({
    issuer: 'https://clerk.example.com',
    jwksUrl: 'https://clerk.example.com/jwks',
    machineSecretKey: SECRET,
    apiUrl: server.url,
    authorizedParties: 'any',
    now: () => clock.now,
    ...options,
  })
  const machines = createMachineTokens(resolved, SILENT, { sleep: async () => undefined })
  const idOf = async (given?: MachineTokenOptions) => (await machines.createToken(given)).id
  return { server, clock, machines, idOf }
}

const failureOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no failure',
    (error: unknown) => error,
  )

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe('a token of this machine', () => {
  it('is asked of Clerk with the secret key of the machine, as the caller wants it', async () => {
    const { server, machines } = await setUp(issuing().answer)
    const token = await machines.createToken({
      tokenFormat: 'jwt',
      secondsUntilExpiration: 600,
      claims: { job: 'nightly' },
    })
    expect(server.requests).toMatchObject([
      { method: 'POST', path: '/m2m_tokens', authorization: `Bearer ${SECRET}` },
    ])
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      token_format: 'jwt',
      seconds_until_expiration: 600,
      claims: { job: 'nightly' },
    })
    expect(token).toEqual({
      token: 'mt_credential_1',
      id: 'mt_1',
      subject: 'mch_shop',
      audience: ['mch_billing'],
      // By the clock here, whatever Clerk's says.
      expiresAt: (START + HOUR) / 1000,
    })
    expect(Object.isFrozen(token)).toBe(true)
  })

  it('costs one call for all who ask at a time, and for all who ask later', async () => {
    const { answer, made } = issuing()
    const { machines, clock } = await setUp(answer)
    const tokens = await Promise.all(Array.from({ length: 100 }, () => machines.createToken()))
    expect(new Set(tokens).size).toBe(1)
    clock.now += HOUR - 60_001
    expect(await machines.createToken()).toBe(tokens[0])
    expect(made()).toBe(1)
  })

  it('is another one for other options, and the same for options that mean the same', async () => {
    const { idOf } = await setUp(issuing().answer)
    const first = await idOf()
    expect(await idOf({})).toBe(first)
    expect(await idOf({ tokenFormat: 'opaque', claims: undefined })).toBe(first)
    const two = { a: 1, b: { c: [1, { d: 2, e: 3 }] } }
    const withClaims = await idOf({ claims: two })
    expect(await idOf({ claims: { b: { c: [1, { e: 3, d: 2 }] }, a: 1 } })).toBe(withClaims)
    const others = [
      { tokenFormat: 'jwt' },
      { secondsUntilExpiration: 60 },
      { claims: {} },
      { claims: { a: 1 } },
      { claims: { ...two, b: { c: [{ d: 2, e: 3 }, 1] } } },
      { claims: JSON.parse('{"__proto__":{"a":1}}') },
    ] as const
    const ids = [first, withClaims]
    for (const other of others) ids.push(await idOf(other))
    expect(new Set(ids).size).toBe(8)
  })

  it('has the claims as they were when it was asked for', async () => {
    const { server, machines } = await setUp(issuing().answer)
    const claims = { job: 'a' }
    const asked = machines.createToken({ claims })
    claims.job = 'b'
    await asked
    expect(server.requests[0]?.body).toContain('"job":"a"')
    await machines.createToken({ claims })
    expect(server.requests[1]?.body).toContain('"job":"b"')
  })

  it('is remembered for the last 100 sets of options', async () => {
    const { answer, made } = issuing()
    const { idOf } = await setUp(answer)
    for (let n = 0; n <= 100; n++) await idOf({ claims: { n } })
    await idOf({ claims: { n: 100 } })
    expect(made()).toBe(101)
    await idOf({ claims: { n: 0 } })
    expect(made()).toBe(102)
  })

  it.each<[string, object, string]>([
    ['an option that it does not have', { format: 'jwt' }, 'format'],
    ['another format', { tokenFormat: 'saml' }, 'tokenFormat'],
    ['no time', { secondsUntilExpiration: 0 }, 'secondsUntilExpiration'],
    ['claims that are a list', { claims: ['a'] }, 'claims'],
    ['claims that are no JSON', { claims: { a: 1n } }, 'claims'],
    ['claims that are too long', { claims: { a: 'x'.repeat(5000) } }, 'claims'],
  ])('is not asked for with %s', async (_what, given, option) => {
    const { server, machines } = await setUp(issuing().answer)
    const error = await failureOf(machines.createToken(given))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).problems).toMatchObject([
      { option: `machines.createToken ${option}` },
    ])
    expect(server.requests).toEqual([])
  })

  it('needs the secret key of the machine', async () => {
    const { server, machines } = await setUp(issuing().answer, { machineSecretKey: undefined })
    expect(await failureOf(machines.createToken())).toMatchObject({
      code: 'configuration',
      problems: [{ option: 'machineSecretKey' }],
    })
    expect(server.requests).toEqual([])
  })
})

describe('before it expires', () => {
  it('the next one is made while the old one is handed out', async () => {
    const { answer, made } = issuing()
    const { idOf, clock } = await setUp(answer)
    await idOf()
    clock.now += HOUR - 60_000
    expect(await Promise.all([idOf(), idOf(), idOf()])).toEqual(['mt_1', 'mt_1', 'mt_1'])
    await until(() => made() === 2)
    await expect.poll(() => idOf()).toBe('mt_2')
    expect(made()).toBe(2)
  })

  it('an outage of Clerk is bridged with the old one, and is told once that has expired', async () => {
    const { answer } = issuing()
    const { idOf, clock, server } = await setUp(answer)
    await idOf()
    server.answer = text('', 503)
    clock.now += HOUR - 30_000
    expect(await idOf()).toBe('mt_1')
    await until(() => server.requests.length >= 4)
    clock.now += 25_000
    const error = await failureOf(idOf())
    expect(error).toBeInstanceOf(ClerkApiError)
    expect(error).toMatchObject({ status: 503 })
    server.answer = answer
    clock.now += 60_000
    expect(await idOf()).toBe('mt_2')
  })

  it('no caller gets one that has expired, or would on its way, and a renewal always comes before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 * 365 * 86_400_000 }),
        fc.integer({ min: -1000, max: 86_400_000 }),
        (lifetime, age) => {
          const times = timesOf(START, lifetime)
          const left = lifetime - age
          const freshness = freshnessOf(times, START + age)
          if (age < 0 || left <= Math.min(5_000, lifetime / 10)) expect(freshness).toBe('none')
          else expect(freshness).toBe(left > Math.min(60_000, lifetime / 2) ? 'use' : 'renew')
          expect(times.renewAt).toBeLessThanOrEqual(times.until)
        },
      ),
    )
    expect(freshnessOf(timesOf(START, null), START + 1e12)).toBe('renew')
  })
})

describe('when Clerk gives none', () => {
  it.each<[string, Answer, object]>([
    [
      'refuses the secret key',
      json({ errors: [{ code: 'machine_secret_key_invalid' }] }, 401),
      { status: 401 },
    ],
    ['is down', text('', 500), { status: 500 }],
    ['breaks off', hangUp, { status: 0 }],
    ['redirects', text('', 307, { location: 'http://127.0.0.1:9/' }), { status: 307 }],
    ['sends something else', json({ object: 'machine_to_machine_token' }, 201), { status: 0 }],
    ['sends one that has expired', issuing(0).answer, { status: 0 }],
  ])('its failure is typed, and holds no secret: it %s', async (_what, answer, expected) => {
    const { machines } = await setUp(answer)
    const error = await failureOf(machines.createToken())
    expect(error).toBeInstanceOf(ClerkApiError)
    expect(error).toMatchObject(expected)
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toMatch(/secretofthismachine|credential/)
  })

  it('a token that does not fit into a header is refused without being quoted', async () => {
    const { answer } = issuing()
    const { machines } = await setUp((request, response) => {
      const end = response.end.bind(response)
      response.end = ((body: string) => end(body.replace('mt_credential_1', 'mt_cre\\r\\nx: y'))) as never
      answer(request, response)
    })
    const error = await failureOf(machines.createToken())
    expect(error).toMatchObject({ name: 'ClerkApiError', status: 0 })
    expect(String(error)).not.toContain('mt_cre')
  })

  it('it is not asked again for a while that grows, by however many callers', async () => {
    const { machines, clock, server } = await setUp(json({}, 401))
    const ask = () => Promise.all(Array.from({ length: 20 }, () => failureOf(machines.createToken())))
    const first = await ask()
    expect(new Set(first.map((error) => (error as ClerkApiError).status))).toEqual(new Set([401]))
    expect(server.requests).toHaveLength(1)
    expect((await ask())[0]).toMatchObject({ status: 401, retryAfterSeconds: 1 })
    expect(server.requests).toHaveLength(1)
    clock.now += 1000
    await ask()
    clock.now += 1000
    await ask()
    expect(server.requests).toHaveLength(2)
  })
})

describe('a token that a receiver has refused', () => {
  it('is forgotten, but not within its first minute, and no other one is', async () => {
    const { answer, made } = issuing()
    const { machines, idOf, clock } = await setUp(answer)
    const { token } = await machines.createToken()
    const other = await idOf({ tokenFormat: 'jwt' })
    machines.forget(token)
    clock.now += 59_999
    machines.forget(token)
    expect(await idOf()).toBe('mt_1')
    clock.now += 1
    machines.forget('mt_something_else')
    machines.forget(token)
    expect(await idOf()).toBe('mt_3')
    expect(await idOf({ tokenFormat: 'jwt' })).toBe(other)
    expect(made()).toBe(3)
  })
})
