import { describe, expect, it } from 'vitest'
import { json, startServer, text } from '../../../testing/http-server.js'
import { compact, createSigner, encode, rs256 } from '../../../testing/signer.js'
import { createTokenHarness, START } from '../../../testing/token-harness.js'

const signer = createSigner()
const other = createSigner('ins_2')

/** A harness on a key set over HTTP. */
async function withServer(
  run: (server: Awaited<ReturnType<typeof startServer>>) => Promise<void>,
): Promise<void> {
  const server = await startServer(json({ keys: [signer.jwk] }))
  try {
    await run(server)
  } finally {
    await server.stop()
  }
}

describe('the verified-token cache', () => {
  it('answers the second time without verifying', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem })
    const token = signer.mint(harness.claims())
    const [first, second] = [await harness.verify(token), await harness.verify(token)]
    expect(harness.names()).toEqual(['cache.miss', 'cache.hit'])
    expect(first.ok && second.ok && first.token === second.token).toBe(true)
  })

  it('does not take one token for another that shares its beginning, payload or signature (CVE-2026-35030, CVE-2026-35039)', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem })
    const token = signer.mint(harness.claims())
    const [h, p, s] = token.split('.') as [string, string, string]
    expect(await harness.reason(token)).toBe('accepted')
    const attacks = {
      'same beginning': token.slice(0, -8) + 'A'.repeat(8),
      'same header and signature': `${h}.${encode(harness.claims({ sub: 'user_admin' }))}.${s}`,
      'same payload': compact(
        { alg: 'RS256', kid: 'ins_1' },
        Buffer.from(p, 'base64url'),
        rs256(other.privateKey),
      ),
      'same signature': `${encode({ alg: 'RS256', kid: 'ins_1' })}.${p}.${s}`,
    }
    for (const [name, attack] of Object.entries(attacks)) {
      expect([name, await harness.reason(attack)]).not.toEqual([name, 'accepted'])
    }
  })

  it('lets a cached token expire', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem })
    const token = signer.mint(harness.claims())
    expect(await harness.reason(token)).toBe('accepted')
    harness.now = (START + 65) * 1000 - 1
    expect(await harness.reason(token)).toBe('accepted')
    harness.now = (START + 65) * 1000
    expect(await harness.reason(token)).toBe('token-expired')
    expect(harness.names()).toEqual(['cache.miss', 'cache.hit', 'cache.hit'])
  })

  it('never holds a token without `iat`, so that none lives for ever', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem })
    const token = signer.mint(harness.claims({ iat: undefined }))
    for (let i = 0; i < 2; i++) expect(await harness.reason(token)).toBe('time-claim-invalid')
    expect(harness.names()).toEqual(['cache.miss', 'cache.miss'])
  })

  it('accepts a token from the moment it becomes valid', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem })
    const token = signer.mint(harness.claims({ nbf: START + 30 }))
    expect(await harness.reason(token)).toBe('token-not-yet-valid')
    harness.now = (START + 25) * 1000
    expect(await harness.reason(token)).toBe('accepted')
  })

  it('obeys a clock that moves backwards', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem })
    const token = signer.mint(harness.claims({ exp: START + 3600 }))
    expect(await harness.reason(token)).toBe('accepted')
    harness.now = (START - 3600) * 1000
    expect(await harness.reason(token)).toBe('token-issued-in-future')
    harness.now = START * 1000
    expect(await harness.reason(token)).toBe('accepted')
  })

  it('drops what was verified with a key that is no longer published', () =>
    withServer(async (server) => {
      const harness = createTokenHarness({ jwksUrl: server.url })
      const token = signer.mint(harness.claims({ exp: START + 3600 }))
      expect(await harness.reason(token)).toBe('accepted')
      server.answer = json({ keys: [other.jwk] })
      harness.now += 16 * 60_000
      expect(await harness.reason(token)).toBe('key-not-found')
    }))

  it('verifies anew when a key is replaced under the same kid', () =>
    withServer(async (server) => {
      const harness = createTokenHarness({ jwksUrl: server.url })
      const token = signer.mint(harness.claims({ exp: START + 3600 }))
      expect(await harness.reason(token)).toBe('accepted')
      const replacement = createSigner('ins_1')
      server.answer = json({ keys: [replacement.jwk] })
      harness.now += 16 * 60_000
      expect(await harness.reason(token)).toBe('signature-invalid')
      expect(await harness.reason(replacement.mint(harness.claims()))).toBe('accepted')
    }))

  it('outlives a refresh that brings the same key again', () =>
    withServer(async (server) => {
      const harness = createTokenHarness({ jwksUrl: server.url })
      const token = signer.mint(harness.claims({ exp: START + 3600 }))
      await harness.reason(token)
      harness.now += 16 * 60_000
      await harness.keys.prefetch()
      harness.events.length = 0
      expect(await harness.reason(token)).toBe('accepted')
      expect(harness.names()).toEqual(['cache.hit'])
    }))

  it('never caches a refusal, and a flood of refusals evicts nothing', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem, cache: { tokens: 2 } })
    const token = signer.mint(harness.claims())
    await harness.reason(token)
    for (let i = 0; i < 50; i++) {
      expect(await harness.reason(other.mint(harness.claims({ jti: i })))).toBe('signature-invalid')
      expect(await harness.reason(signer.mint(harness.claims({ jti: i, iss: 'https://x.example' })))).toBe(
        'issuer-mismatch',
      )
    }
    harness.events.length = 0
    await harness.reason(token)
    expect(harness.names()).toEqual(['cache.hit'])
  })

  it('stays within its bound', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem, cache: { tokens: 3 } })
    const tokens = Array.from({ length: 5 }, (_, jti) => signer.mint(harness.claims({ jti })))
    for (const token of tokens) await harness.reason(token)
    harness.events.length = 0
    for (const token of [...tokens].reverse()) await harness.reason(token)
    expect(harness.names()).toEqual(['cache.hit', 'cache.hit', 'cache.hit', 'cache.miss', 'cache.miss'])
  })

  it('is off with 0 entries, and says nothing then', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem, cache: { tokens: 0 } })
    const token = signer.mint(harness.claims())
    for (let i = 0; i < 2; i++) expect(await harness.reason(token)).toBe('accepted')
    expect(harness.names()).toEqual([])
  })

  it('is not shared by two instances, nor by two sets of options', async () => {
    const token = signer.mint(createTokenHarness({ jwtKey: signer.pem }).claims())
    const mine = createTokenHarness({ jwtKey: signer.pem })
    expect(await mine.reason(token)).toBe('accepted')
    expect(await createTokenHarness({ jwtKey: other.pem }).reason(token)).toBe('signature-invalid')
    expect(await createTokenHarness({ jwtKey: signer.pem, issuer: 'https://x.example' }).reason(token)).toBe(
      'issuer-mismatch',
    )
    expect(await createTokenHarness({ jwtKey: signer.pem, audience: 'api' }).reason(token)).toBe(
      'audience-mismatch',
    )
    expect(await mine.reason(token)).toBe('accepted')
  })

  it('verifies the parallel requests of one cold page once', () =>
    withServer(async (server) => {
      const harness = createTokenHarness({ jwksUrl: server.url })
      const token = signer.mint(harness.claims())
      const results = await Promise.all(Array.from({ length: 64 }, () => harness.verify(token)))
      const tokens = new Set(results.map((result) => result.ok && result.token))
      expect(tokens.size).toBe(1)
      expect(tokens.has(false)).toBe(false)
    }))

  it('shares no failure: what could not be checked is checked again', () =>
    withServer(async (server) => {
      server.answer = text('down', 500)
      const harness = createTokenHarness({ jwksUrl: server.url })
      const token = signer.mint(harness.claims())
      const reasons = await Promise.all(Array.from({ length: 8 }, () => harness.reason(token)))
      expect(new Set(reasons)).toEqual(new Set(['keys-unavailable']))
      server.answer = json({ keys: [signer.jwk] })
      harness.now += 2000
      expect(await harness.reason(token)).toBe('accepted')
    }))
})
