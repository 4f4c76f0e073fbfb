import { describe, expect, it } from 'vitest'
import { compact, createSigner, rs256 } from '../../../testing/signer.js'
import { APP, createTokenHarness, ISSUER, START, type TokenHarness } from '../../../testing/token-harness.js'

const signer = createSigner()
const options = { jwtKey: signer.pem }

/** Twice: what is refused on a miss must be refused on a hit, and the other way round. */
async function reasons(harness: TokenHarness, token: string): Promise<string> {
  const [miss, hit] = [await harness.reason(token), await harness.reason(token)]
  return miss === hit ? miss : `${miss}, then ${hit}`
}

const verify = (changes: Record<string, unknown>, more: Parameters<typeof createTokenHarness>[0] = {}) => {
  const harness = createTokenHarness({ ...options, ...more })
  return reasons(harness, signer.mint(harness.claims(changes)))
}

describe('exp, nbf and iat', () => {
  it.each([
    ['missing', undefined],
    ['a string', '1800000060'],
    ['a fraction', START + 60.5],
    ['null', null],
    ['an object', {}],
    ['an array', [START + 60]],
    ['true', true],
    ['too large to be exact', 2 ** 53],
  ])('must be whole seconds: %s', async (_name, value) => {
    for (const claim of ['exp', 'nbf', 'iat'])
      expect(await verify({ [claim]: value })).toBe('time-claim-invalid')
  })

  it.each(['1e400', '-1e400', '1.5e-3', '1800000000.000001'])(
    'must be whole seconds: %s',
    async (literal) => {
      const harness = createTokenHarness(options)
      const claims = JSON.stringify(harness.claims({ exp: 'HERE' })).replace('"HERE"', literal)
      const token = compact({ alg: 'RS256', kid: 'ins_1' }, claims, rs256(signer.privateKey))
      expect(await harness.reason(token)).toBe('time-claim-invalid')
    },
  )

  it('refuses NaN, which is not even JSON', async () => {
    const harness = createTokenHarness(options)
    const claims = JSON.stringify(harness.claims({ exp: 'HERE' })).replace('"HERE"', 'NaN')
    expect(await harness.reason(compact({ alg: 'RS256' }, claims, rs256(signer.privateKey)))).toBe(
      'token-malformed',
    )
  })

  it('refuses milliseconds and ten years', async () => {
    expect(await verify({ exp: (START + 60) * 1000 })).toBe('lifetime-too-long')
    expect(await verify({ exp: START + 315_360_000 })).toBe('lifetime-too-long')
  })

  it('accepts a lifetime of 24 hours and not a second more', async () => {
    expect(await verify({ exp: START + 86_400 })).toBe('accepted')
    expect(await verify({ exp: START + 86_401 })).toBe('lifetime-too-long')
  })

  it.each([0, 5, 300])(
    'holds the boundary of exp with a tolerance of %i s',
    async (clockToleranceSeconds) => {
      const at = (exp: number) => verify({ exp, iat: exp - 60, nbf: exp - 60 }, { clockToleranceSeconds })
      expect(await at(START - clockToleranceSeconds - 1)).toBe('token-expired')
      expect(await at(START - clockToleranceSeconds)).toBe('token-expired')
      expect(await at(START - clockToleranceSeconds + 1)).toBe('accepted')
    },
  )

  it.each([0, 5, 300])(
    'holds the boundary of nbf and iat with a tolerance of %i s',
    async (clockToleranceSeconds) => {
      for (const [claim, reason] of [
        ['nbf', 'token-not-yet-valid'],
        ['iat', 'token-issued-in-future'],
      ] as const) {
        const at = (time: number) => verify({ [claim]: time, exp: time + 60 }, { clockToleranceSeconds })
        expect(await at(START + clockToleranceSeconds - 1)).toBe('accepted')
        expect(await at(START + clockToleranceSeconds)).toBe('accepted')
        expect(await at(START + clockToleranceSeconds + 1)).toBe(reason)
      }
    },
  )

  it('gives the claims of a token that is nothing but expired, and of no other', async () => {
    const harness = createTokenHarness(options)
    const old = { iat: START - 120, nbf: START - 120, exp: START - 60 }
    const expiredClaims = async (token: string) => {
      const result = await harness.verify(token)
      if (result.ok) return 'accepted'
      return result.kind === 'expired' ? result.claims.sid : undefined
    }
    expect(await expiredClaims(signer.mint(harness.claims(old)))).toBe('sess_1')
    expect(await expiredClaims(signer.mint(harness.claims({ ...old, azp: undefined })))).toBe(undefined)
    expect(await expiredClaims(signer.mint(harness.claims({ ...old, azp: 'https://evil.example' })))).toBe(
      undefined,
    )
    expect(await expiredClaims(createSigner().mint(harness.claims(old)))).toBe(undefined)
    harness.revoked.add('sess_1')
    expect(await expiredClaims(signer.mint(harness.claims(old)))).toBe(undefined)
  })
})

describe('sub and sid', () => {
  it.each([undefined, '', 7, null, ['user_1'], { id: 'user_1' }])('refuses sub %j', async (sub) => {
    expect(await verify({ sub })).toBe('subject-invalid')
  })

  it('refuses a machine as sub', async () => {
    expect(await verify({ sub: 'mch_1' })).toBe('subject-invalid')
  })

  it.each([undefined, '', 7, null, ['sess_1']])(
    'refuses sid %j, as a JWT template token has none',
    async (sid) => {
      expect(await verify({ sid })).toBe('session-id-invalid')
    },
  )

  it('refuses a revoked session or user, also on a hit', async () => {
    for (const id of ['sess_1', 'user_1']) {
      const harness = createTokenHarness(options)
      const token = signer.mint(harness.claims())
      expect(await harness.reason(token)).toBe('accepted')
      harness.revoked.add(id)
      expect(await reasons(harness, token)).toBe('session-revoked')
      harness.revoked.delete(id)
      expect(await reasons(harness, token)).toBe('accepted')
    }
  })
})

describe('iss', () => {
  it.each([
    undefined,
    null,
    '',
    7,
    [ISSUER],
    'https://clerk.example.org',
    `${ISSUER}/`,
    'http://clerk.example.com',
    'https://CLERK.example.com',
  ])('refuses %j', async (iss) => {
    expect(await verify({ iss })).toBe('issuer-mismatch')
  })
})

describe('azp', () => {
  it.each([
    'https://evil.example',
    'https://app.example.co',
    'https://app.example.com.evil.example',
    'https://app.example.com/',
    'https://APP.example.com',
    'https://app.example.com:443',
    'http://app.example.com',
    'null',
    '',
    null,
    7,
    [APP],
  ])('refuses %j', async (azp) => {
    expect(await verify({ azp })).toBe('authorized-party-mismatch')
    expect(await verify({ azp }, { allowMissingAzp: true })).toBe('authorized-party-mismatch')
  })

  it.each([
    'https://app.example.com/',
    'https://APP.example.com',
    'https://app.example.com:443',
    'HTTPS://app.example.com',
  ])('understands the option %s', async (party) => {
    expect(await verify({}, { authorizedParties: ['https://other.example', party] })).toBe('accepted')
  })

  it("may be anything with 'any', but must be there", async () => {
    expect(await verify({ azp: 'https://evil.example' }, { authorizedParties: 'any' })).toBe('accepted')
    expect(await verify({ azp: undefined }, { authorizedParties: 'any' })).toBe('authorized-party-missing')
    expect(await verify({ azp: '' }, { authorizedParties: 'any' })).toBe('authorized-party-mismatch')
  })

  it('may be missing with `allowMissingAzp`, which the refusal names', async () => {
    expect(await verify({ azp: undefined }, { allowMissingAzp: true })).toBe('accepted')
    const harness = createTokenHarness(options)
    const result = await harness.verify(signer.mint(harness.claims({ azp: undefined })))
    expect(!result.ok && result.error.message).toContain('allowMissingAzp')
  })

  it('is asked for anew on every request: the cache knows nothing of who may lack it', async () => {
    const harness = createTokenHarness(options)
    const token = signer.mint(harness.claims({ azp: undefined }))
    for (const allowMissingAzp of [true, false, true, false]) {
      const expected = allowMissingAzp ? 'accepted' : 'authorized-party-missing'
      expect(await harness.reason(token, { allowMissingAzp })).toBe(expected)
    }
  })
})

describe('aud and sts', () => {
  it('is not looked at unless configured', async () => {
    expect(await verify({ aud: 'https://other.example' })).toBe('accepted')
  })

  it.each(['api', ['api'], ['other', 'api']])('accepts aud %j', async (aud) => {
    expect(await verify({ aud }, { audience: 'api' })).toBe('accepted')
    expect(await verify({ aud }, { audience: ['backend', 'api'] })).toBe('accepted')
  })

  it.each([undefined, null, '', [], 'other', 'ap', 'api2', ['other'], [['api']], 7, { 0: 'api' }])(
    'refuses aud %j',
    async (aud) => {
      expect(await verify({ aud }, { audience: 'api' })).toBe('audience-mismatch')
    },
  )

  it('refuses a pending session unless allowed', async () => {
    expect(await verify({ sts: 'pending' })).toBe('session-pending')
    expect(await verify({ sts: 'pending' }, { allowPending: true })).toBe('accepted')
    expect(await verify({ sts: undefined })).toBe('accepted')
  })
})

describe('what an accepted token becomes', () => {
  it('is frozen to the bottom', async () => {
    const harness = createTokenHarness(options)
    const token = signer.mint(harness.claims({ act: { sub: 'user_9', deep: [{ a: 1 }] } }))
    const result = await harness.verify(token)
    if (!result.ok) throw result.error
    const claims = result.token.claims as unknown as Record<string, { sub: string; deep: { a: number }[] }>
    expect(() => Object.assign(claims, { sub: 'user_2' })).toThrow(TypeError)
    expect(() => Object.assign(claims.act ?? {}, { sub: 'user_2' })).toThrow(TypeError)
    expect(() => claims.act?.deep.push({ a: 2 })).toThrow(TypeError)
    const again = await harness.verify(token)
    expect(again.ok && again.token.claims).toEqual(
      harness.claims({ act: { sub: 'user_9', deep: [{ a: 1 }] } }),
    )
  })

  it('has no organisation in a version 2 token without `o`, whatever its flat claims say', async () => {
    const harness = createTokenHarness(options)
    const flat = { org_id: 'org_forged', org_role: 'org:admin', org_permissions: ['org:billing:manage'] }
    const result = await harness.verify(signer.mint(harness.claims(flat)))
    expect(result.ok && result.token.organization).toBe(null)
  })
})
