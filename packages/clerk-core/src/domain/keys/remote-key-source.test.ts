import { generateKeyPairSync } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Answer,
  hang,
  hangUp,
  json,
  startServer,
  type TestServer,
  text,
} from '../../../testing/http-server.js'
import { createSigner } from '../../../testing/signer.js'
import { createTokenHarness, START, type TokenHarness } from '../../../testing/token-harness.js'

const MINUTE = 60_000
const signer = createSigner()
const next = createSigner('ins_2')
const published = { keys: [signer.jwk] }
const servers: TestServer[] = []

afterAll(() => Promise.all(servers.map((server) => server.stop())))

async function serve(answer: Answer = json(published)): Promise<TestServer> {
  const server = await startServer(answer)
  servers.push(server)
  return server
}

/** A server, a harness on it, and a token that lives for the whole test. */
async function setUp(answer: Answer = json(published), timings?: { timeoutMs: number }) {
  const server = await serve(answer)
  const harness = createTokenHarness(
    { jwksUrl: `${server.url}/.well-known/jwks.json`, cache: { tokens: 0 } },
    timings,
  )
  const token = signer.mint(harness.claims({ exp: START + 80_000 }))
  return { server, harness, token }
}

/** Reached when whatever runs in the background has ended. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

const retryAfterOf = async (harness: TokenHarness, token: string) => {
  const result = await harness.verify(token)
  return result.ok ? 'accepted' : result.error.retryAfterSeconds
}

describe('fetching', () => {
  it('makes one request of 1000 concurrent cold ones', async () => {
    const { server, harness, token } = await setUp()
    const tokens = Array.from({ length: 1000 }, () => harness.reason(token))
    expect(new Set(await Promise.all(tokens))).toEqual(new Set(['accepted']))
    expect(server.requests.map(({ path }) => path)).toEqual(['/.well-known/jwks.json'])
    expect(harness.events).toEqual([{ name: 'jwks.refresh', at: START * 1000, keys: 1, reason: 'cold' }])
  })

  it('sends no secret to the public endpoint, and the secret key to the Backend API', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    expect(server.requests[0]?.authorization).toBe(undefined)
    const backend = createTokenHarness({ secretKey: 'sk_test_secret', apiUrl: server.url })
    expect(await backend.reason(token)).toBe('accepted')
    expect(server.requests[1]).toMatchObject({ path: '/v1/jwks', authorization: 'Bearer sk_test_secret' })
  })

  it('fetches ahead with `prefetch`, which fails loudly', async () => {
    const { server, harness, token } = await setUp()
    await harness.keys.prefetch()
    expect(await harness.reason(token)).toBe('accepted')
    expect(server.requests).toHaveLength(1)
    const broken = await setUp(text('', 500))
    await expect(broken.harness.keys.prefetch()).rejects.toMatchObject({ reason: 'keys-unavailable' })
  })

  it('gives up what is under way when closed, and fetches nothing any more', async () => {
    const { server, harness, token } = await setUp(hang)
    const waiting = harness.reason(token)
    await until(() => server.requests.length === 1)
    harness.keys.close()
    expect(await waiting).toBe('keys-unavailable')
    expect(await harness.reason(token)).toBe('keys-unavailable')
    expect(server.requests).toHaveLength(1)
  })

  it('shares nothing with another instance', async () => {
    const a = await setUp()
    const b = await setUp(json({ keys: [next.jwk] }))
    expect(await a.harness.reason(a.token)).toBe('accepted')
    expect(await b.harness.reason(a.token)).toBe('key-not-found')
    expect([a.server.requests.length, b.server.requests.length]).toEqual([1, 1])
  })
})

describe('freshness', () => {
  it('uses a set for 5 minutes without asking', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    harness.now += 5 * MINUTE - 1
    expect(await harness.reason(token)).toBe('accepted')
    expect(server.requests).toHaveLength(1)
  })

  it('refreshes in the background after 5 minutes, and answers meanwhile', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    harness.now += 5 * MINUTE
    server.answer = hang
    expect(await harness.reason(token)).toBe('accepted')
    await until(() => server.requests.length === 2)
    expect(await harness.reason(token)).toBe('accepted')
    expect(server.requests).toHaveLength(2)
    harness.keys.close()
  })

  it('waits for a new set after 15 minutes, so that a removed key stops verifying', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    server.answer = json({ keys: [next.jwk] })
    harness.now += 15 * MINUTE
    expect(await harness.reason(token)).toBe('key-not-found')
    expect(harness.events.at(-1)).toMatchObject({ name: 'jwks.refresh', reason: 'expired' })
  })

  it('uses the old set for up to an hour while the endpoint fails, and says so', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    server.answer = text('down', 503)
    harness.now += 15 * MINUTE
    expect(await harness.reason(token)).toBe('accepted')
    expect(harness.names()).toEqual(['jwks.refresh', 'jwks.error', 'jwks.stale'])
    expect(harness.events.at(-1)).toMatchObject({ ageSeconds: 900 })
    harness.now = START * 1000 + 60 * MINUTE - 1
    expect(await harness.reason(token)).toBe('accepted')
    harness.now += 1
    expect(await harness.reason(token)).toBe('keys-unavailable')
  })

  it('does not make requests wait again and again for an endpoint that hangs', async () => {
    // Long enough for the first fetch on a busy machine.
    const { server, harness, token } = await setUp(json(published), { timeoutMs: 500 })
    await harness.reason(token)
    server.answer = hang
    harness.now += 15 * MINUTE
    expect(await harness.reason(token)).toBe('accepted')
    harness.now += MINUTE
    // The endpoint may be asked again, but in the background: this answer is there before any timeout.
    const result = await Promise.race([
      harness.reason(token),
      new Promise((resolve) => setImmediate(resolve, 'waited')),
    ])
    expect(result).toBe('accepted')
    await until(() => server.requests.length === 3)
    harness.keys.close()
  })

  it('takes a failure of long ago for no excuse: a removed key stops verifying', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    server.answer = text('down', 503)
    harness.now += MINUTE
    expect(await harness.reason(next.mint(harness.claims()))).toBe('keys-unavailable')
    server.answer = json({ keys: [next.jwk] })
    harness.now += 20 * MINUTE
    expect(await harness.reason(token)).toBe('key-not-found')
  })

  it('recovers from an outage by itself', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    server.answer = hangUp
    harness.now += 61 * MINUTE
    expect(await harness.reason(token)).toBe('keys-unavailable')
    server.answer = json(published)
    harness.now += MINUTE
    expect(await harness.reason(token)).toBe('accepted')
  })

  it('keeps answering when the clock is set back, and looks again', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    harness.now -= 3000
    expect(await harness.reason(token)).toBe('accepted')
    await until(() => server.requests.length === 2)
  })
})

describe('unknown keys', () => {
  it('makes at most one request per 10 s of 1000 forged kids', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    const flood = () =>
      Promise.all(
        Array.from({ length: 1000 }, (_, i) =>
          harness.reason(signer.mint(harness.claims(), { kid: `forged_${i}_${harness.now}` })),
        ),
      )
    expect(new Set(await flood())).toEqual(new Set(['key-not-found']))
    expect(server.requests).toHaveLength(1)
    harness.now += 10_000
    expect(new Set(await flood())).toEqual(new Set(['key-not-found']))
    expect(server.requests).toHaveLength(2)
    harness.now += 9999
    await flood()
    expect(server.requests).toHaveLength(2)
  })

  it('makes at most one request per 10 s of forged signatures under a known kid', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    const flood = () =>
      Promise.all(
        Array.from({ length: 100 }, () => harness.reason(next.mint(harness.claims(), { kid: 'ins_1' }))),
      )
    for (const requests of [1, 2]) {
      expect(new Set(await flood())).toEqual(new Set(['signature-invalid']))
      expect(server.requests).toHaveLength(requests)
      harness.now += 10_000
    }
  })

  it('refuses no valid token for longer than 10 s when keys rotate', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    server.answer = json({ keys: [signer.jwk, next.jwk] })
    const rotated = () => harness.reason(next.mint(harness.claims()))
    expect(await rotated()).toBe('key-not-found')
    harness.now += 10_000
    expect(await rotated()).toBe('accepted')
    expect(await harness.reason(token)).toBe('accepted')
    expect(harness.events.at(-1)).toMatchObject({ name: 'jwks.refresh', keys: 2, reason: 'unknown-kid' })
  })

  it('accepts a key replaced under its kid within 10 s', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    const replacement = createSigner('ins_1')
    server.answer = json({ keys: [replacement.jwk] })
    harness.now += 10_000
    expect(await harness.reason(replacement.mint(harness.claims()))).toBe('accepted')
    expect(harness.events.at(-1)).toMatchObject({ name: 'jwks.refresh', reason: 'bad-signature' })
    expect(await harness.reason(token)).toBe('signature-invalid')
  })

  it('cannot say whether a key exists while the endpoint fails', async () => {
    const { server, harness, token } = await setUp()
    await harness.reason(token)
    server.answer = text('down', 500)
    harness.now += 10_000
    const result = await harness.verify(next.mint(harness.claims()))
    expect(result).toMatchObject({
      ok: false,
      kind: 'unverifiable',
      sub: 'user_1',
      sid: 'sess_1',
    })
    expect(await harness.reason(token)).toBe('accepted')
    // A token that is not ours according to its unverified claims is refused, not excused by the outage.
    expect(await harness.reason(next.mint(harness.claims({ iss: 'https://x.example' })))).toBe(
      'issuer-mismatch',
    )
  })

  it('remembers nothing of the kids it does not know', async () => {
    const { harness, token } = await setUp()
    await harness.reason(token)
    setFlagsFromString('--expose-gc')
    const collectGarbage: () => void = runInNewContext('gc')
    const heap = () => {
      collectGarbage()
      return process.memoryUsage().heapUsed
    }
    const before = heap()
    for (let i = 0; i < 20_000; i++) await harness.keys.lookup(`forged_${i}_${'x'.repeat(500)}`)
    // 20,000 ids of 500 characters would be 10 MB.
    expect(heap() - before).toBeLessThan(5_000_000)
    expect(await harness.reason(token)).toBe('accepted')
  })
})

describe('answers that are no key set', () => {
  const failures: Record<string, Answer> = {
    'a 500': text('down', 500),
    'a 401': json({ errors: [{ code: 'secret_key_invalid' }] }, 401),
    'a 404': text('', 404),
    'a 204': text('', 204),
    HTML: text('<html>Maintenance</html>', 200, { 'content-type': 'text/html' }),
    'an empty body': text(''),
    null: json(null),
    'an array': json([signer.jwk]),
    'an empty set': json({ keys: [] }),
    'a set that is not a list': json({ keys: { 0: signer.jwk } }),
    'keys that are no objects': json({ keys: [null, 7, 'x', []] }),
    'a redirect to a set': (_request, response) => {
      response.writeHead(302, { location: `${good.url}/jwks` }).end()
    },
    'a body of 1 MiB': json({ ...published, fill: 'x'.repeat(1024 * 1024) }),
    'a body of 256 KiB + 1': text(JSON.stringify(published).padEnd(256 * 1024 + 1)),
    'invalid UTF-8': (_request, response) => {
      response.end(Buffer.from([0xff, 0xfe, 0x7b]))
    },
    'a broken connection': hangUp,
    'an answer cut short': (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"keys":[')
      response.socket?.destroy()
    },
  }
  let good: TestServer
  beforeAll(async () => {
    good = await serve()
  })

  it.each(Object.keys(failures))('is not led astray by %s', async (name) => {
    const answer = failures[name] as Answer
    const { server, harness, token } = await setUp(answer)
    expect(await harness.reason(token)).toBe('keys-unavailable')
    // During the backoff no request is sent, and every caller is told when to come back.
    expect(await retryAfterOf(harness, token)).toBe(1)
    expect(server.requests).toHaveLength(1)
    expect(harness.names()).toEqual(['jwks.error'])
    expect(good.requests).toHaveLength(0)
    // With a set in hand nothing happens at all.
    server.answer = json(published)
    harness.now += 2000
    expect(await harness.reason(token)).toBe('accepted')
    server.answer = answer
    harness.now += 6 * MINUTE
    expect(await harness.reason(token)).toBe('accepted')
    await until(() => harness.names().filter((event) => event === 'jwks.error').length === 2)
    expect(await harness.reason(token)).toBe('accepted')
  })

  it('accepts a body of exactly 256 KiB', async () => {
    const { harness, token } = await setUp(text(JSON.stringify(published).padEnd(256 * 1024)))
    expect(await harness.reason(token)).toBe('accepted')
  })

  it('does not wait for an endpoint that hangs', async () => {
    const { harness, token } = await setUp(hang, { timeoutMs: 30 })
    expect(await harness.reason(token)).toBe('keys-unavailable')
    expect(harness.events).toMatchObject([
      { name: 'jwks.error', message: 'The key set timed out after 0.03 s.' },
    ])
  })

  it('does not wait for a body that never ends, nor for a fetch that ignores its signal', async () => {
    const dripping = await setUp(
      (_request, response) => {
        response.writeHead(200)
        response.write('{')
      },
      { timeoutMs: 30 },
    )
    expect(await dripping.harness.reason(dripping.token)).toBe('keys-unavailable')
    const harness = createTokenHarness(
      { jwksUrl: 'http://127.0.0.1:9/jwks', fetch: () => new Promise(() => {}) },
      { timeoutMs: 30 },
    )
    expect(await harness.reason(dripping.token)).toBe('keys-unavailable')
  })

  it('gives up after 3 s by itself', async () => {
    const { harness, token } = await setUp(hang)
    const started = performance.now()
    expect(await harness.reason(token)).toBe('keys-unavailable')
    expect(performance.now() - started).toBeGreaterThan(2900)
    expect(harness.events.at(-1)).toMatchObject({ message: 'The key set timed out after 3 s.' })
  })

  it('never repeats the URL, the secret or the answer', async () => {
    const server = await serve(json({ errors: [{ message: 'sk_test_secret is wrong' }] }, 401))
    const harness = createTokenHarness({ secretKey: 'sk_test_secret', apiUrl: server.url })
    await harness.reason(signer.mint(harness.claims()))
    expect(harness.events.at(-1)).toMatchObject({
      name: 'jwks.error',
      message: 'The key set answered 401, which refuses CLERK_SECRET_KEY: set it to a key of this instance.',
    })
  })
})

describe('back-off', () => {
  it.each([
    ['30', 30],
    ['0', 1],
    ['86400', 60],
    [new Date((START + 45) * 1000).toUTCString(), 45],
    [new Date((START - 45) * 1000).toUTCString(), 1],
    ['soon', 1],
    ['-5', 1],
  ])('honours Retry-After: %s', async (header, seconds) => {
    const { server, harness, token } = await setUp(text('', 429, { 'retry-after': header }))
    expect(await harness.reason(token)).toBe('keys-unavailable')
    expect(await retryAfterOf(harness, token)).toBe(seconds)
    server.answer = json(published)
    if (seconds > 1) {
      harness.now += seconds * 1000 - 1
      expect(await harness.reason(token)).toBe('keys-unavailable')
      expect(server.requests).toHaveLength(1)
    }
    harness.now += 1000
    expect(await harness.reason(token)).toBe('accepted')
  })

  it('grows with every failure, up to half a minute, never in step with other processes', async () => {
    const { server, harness, token } = await setUp(text('', 500))
    const waits: number[] = []
    for (let failures = 1; failures <= 9; failures++) {
      expect(await harness.reason(token)).toBe('keys-unavailable')
      const error = harness.events.at(-1)
      waits.push(error?.name === 'jwks.error' ? error.retryAfterSeconds : -1)
      expect(server.requests).toHaveLength(failures)
      harness.now += 30_000
    }
    for (const [i, wait] of waits.entries()) {
      const most = Math.min(2 ** i, 30)
      expect(wait).toBeGreaterThanOrEqual(Math.max(1, most / 2))
      expect(wait).toBeLessThanOrEqual(most)
    }
  })
})

describe('keys of a set', () => {
  const publicJwk = (modulusLength: number, kid: string) => createSigner(kid, modulusLength)

  it('leaves out what cannot be used, never the whole set', async () => {
    const weak = publicJwk(1024, 'weak')
    const { publicKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { kid: _kid, ...nameless } = next.jwk
    const useless = [
      weak.jwk,
      { ...next.privateKey.export({ format: 'jwk' }), kid: 'private' },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'symmetric', alg: 'HS256' },
      { ...ec.export({ format: 'jwk' }), kid: 'ec', alg: 'ES256' },
      { ...next.jwk, kid: 'rs512', alg: 'RS512' },
      { ...next.jwk, kid: 'encryption', use: 'enc' },
      { ...next.jwk, kid: 'operations', key_ops: ['encrypt'] },
      { ...next.jwk, kid: 'exponent', e: 'AQ' },
      { ...next.jwk, kid: 'even', e: 'Ag' },
      { ...next.jwk, kid: 'broken', n: '!' },
      { ...next.jwk, kid: 'empty', n: '' },
      { ...next.jwk, kid: '' },
      { ...next.jwk, kid: 7 },
      nameless,
      null,
    ]
    const { harness, token } = await setUp(json({ keys: [...useless, signer.jwk] }))
    expect(await harness.reason(token)).toBe('accepted')
    expect(harness.events).toMatchObject([{ name: 'jwks.refresh', keys: 1 }])
    expect(await harness.reason(weak.mint(harness.claims()))).toBe('key-not-found')
    for (const key of useless) {
      const kid = key === null ? undefined : (key as { kid?: unknown }).kid
      if (typeof kid !== 'string' || kid === 'weak') continue
      expect([kid, await harness.reason(next.mint(harness.claims(), { kid }))]).toEqual([
        kid,
        'key-not-found',
      ])
    }
  })

  it('accepts keys without `alg` and `use`, and with `key_ops` that say verify', async () => {
    const { alg: _alg, use: _use, ...bare } = signer.jwk
    const { harness, token } = await setUp(json({ keys: [bare, { ...next.jwk, key_ops: ['verify'] }] }))
    expect(await harness.reason(token)).toBe('accepted')
    expect(await harness.reason(next.mint(harness.claims()))).toBe('accepted')
  })

  it('uses neither of two different keys under one kid, and one that is listed twice', async () => {
    const twin = createSigner('ins_1')
    const { harness, token } = await setUp(json({ keys: [signer.jwk, twin.jwk, next.jwk, next.jwk] }))
    expect(await harness.reason(token)).toBe('key-not-found')
    expect(await harness.reason(twin.mint(harness.claims()))).toBe('key-not-found')
    expect(await harness.reason(next.mint(harness.claims()))).toBe('accepted')
  })
})
