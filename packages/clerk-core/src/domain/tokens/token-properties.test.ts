import fc from 'fast-check'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { compact, createSigner, rs256 } from '../../../testing/signer.js'
import { APP, createTokenHarness, ISSUER, START } from '../../../testing/token-harness.js'
import { TokenError } from '../../ground/errors.js'
import { createTokenParser, parseToken } from './parse-token.js'
import type { TokenResult } from './token-verifier.js'

const signer = createSigner()
const attacker = createSigner('ins_2')

/** Mostly what a token should say, sometimes just beside it, sometimes nonsense. */
const around = (offset: number) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -12, max: 12 }).map((s) => START + offset + s) },
    { weight: 1, arbitrary: fc.constantFrom(undefined, null, 'x', 1.5, -1, 0, 2 ** 53, START * 1000) },
  )
const mostly = <T>(good: T, ...others: unknown[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant<unknown>(good) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )

const claimsArbitrary = fc.record({
  iss: mostly(ISSUER, 'https://x.example', undefined),
  sub: mostly('user_1', 'mch_1', '', undefined),
  sid: mostly('sess_1', '', undefined),
  azp: mostly(APP, undefined, 'https://x.example', 7),
  aud: mostly('api', undefined, ['x', 'api'], 'x'),
  sts: mostly('active', 'pending', undefined),
  iat: around(0),
  nbf: around(0),
  exp: around(60),
})

const headerArbitrary = fc.record({
  alg: mostly('RS256', 'none', 'HS256', undefined),
  kid: mostly('ins_1', undefined, 'x'),
  typ: mostly('JWT', undefined, 'at+jwt'),
  cat: mostly(undefined, 'cl_B7d4PD111AAA', 'cl_B7d4PD222AAA'),
})

const optionsArbitrary = fc.record({
  clockToleranceSeconds: fc.constantFrom(0, 0.5, 5, 300),
  allowMissingAzp: fc.boolean(),
  allowPending: fc.boolean(),
  audience: fc.constantFrom(undefined, 'api'),
  authorizedParties: fc.constantFrom<string[] | 'any'>([APP], 'any'),
})

/** What happens between two looks at the same token. */
const stepArbitrary = fc.record({
  advanceMs: fc.oneof(fc.integer({ min: -70_000, max: 70_000 }), fc.constantFrom(0, 1, 999, 1000)),
  allowMissingAzp: fc.boolean(),
  revoke: fc.constantFrom(null, null, null, 'user_1', 'sess_1', 'sess_2'),
})

/** What a result says, without what a cached token has for the pipeline. */
function answerOf(result: TokenResult): unknown {
  if (!result.ok) return { ...result, error: result.error.reason }
  const { claims, organization, hash } = result.token
  return { claims, organization, hash }
}

/** The same by other means: the standard's decoder, and encoding again. */
function parsePlainly(token: string): { header: object; payload: object; signature: Buffer } | null {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const decode = (part = '') => {
    const bytes = Buffer.from(part, 'base64url')
    if (part === '' || bytes.toString('base64url') !== part) throw new Error('not canonical')
    return bytes
  }
  const objectIn = (part: string | undefined): object => {
    const value: unknown = JSON.parse(utf8.decode(decode(part)))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object')
    return value
  }
  const parts = token.split('.')
  if (parts.length !== 3) return null
  try {
    const [header, payload, signature] = parts
    return { header: objectIn(header), payload: objectIn(payload), signature: decode(signature) }
  } catch {
    return null
  }
}

describe('properties', () => {
  it('the cache changes no answer: on ≡ off, over claims × options × clock × revocations', async () => {
    await fc.assert(
      fc.asyncProperty(
        claimsArbitrary,
        headerArbitrary,
        optionsArbitrary,
        fc.constantFrom(signer, signer, signer, attacker),
        fc.array(stepArbitrary, { minLength: 1, maxLength: 6 }),
        async (claims, header, options, { privateKey }, steps) => {
          const token = compact(header, claims, rs256(privateKey))
          const cached = createTokenHarness({ jwtKey: signer.pem, ...options })
          const plain = createTokenHarness({ jwtKey: signer.pem, ...options, cache: { tokens: 0 } })
          for (const { advanceMs, allowMissingAzp, revoke } of [
            { advanceMs: 0, allowMissingAzp: options.allowMissingAzp, revoke: null },
            ...steps,
          ]) {
            for (const harness of [cached, plain]) {
              harness.now += advanceMs
              if (revoke !== null) harness.revoked.add(revoke)
            }
            const [a, b] = [
              await cached.verify(token, { allowMissingAzp }),
              await plain.verify(token, { allowMissingAzp }),
            ]
            expect(answerOf(a)).toEqual(answerOf(b))
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  it('whatever we accept, jose accepts', async () => {
    const keySet = createLocalJWKSet({ keys: [signer.jwk, attacker.jwk] })
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(
        claimsArbitrary,
        headerArbitrary,
        optionsArbitrary,
        fc.integer({ min: -80_000, max: 80_000 }),
        async (claims, header, options, offsetMs) => {
          const harness = createTokenHarness({ jwtKey: signer.pem, ...options })
          harness.now += offsetMs
          const token = compact(header, claims, rs256(signer.privateKey))
          if ((await harness.reason(token)) !== 'accepted') return
          accepted++
          const { payload } = await jwtVerify(token, header.kid === 'ins_1' ? keySet : signer.publicKey, {
            issuer: ISSUER,
            ...(options.audience === undefined ? {} : { audience: options.audience }),
            algorithms: ['RS256'],
            clockTolerance: options.clockToleranceSeconds,
            requiredClaims: ['sub', 'exp', 'iat', 'nbf'],
            currentDate: new Date(harness.now),
          })
          const result = await harness.verify(token)
          expect(result.ok && result.token.claims).toEqual(payload)
        },
      ),
      { numRuns: 400 },
    )
    // A property about accepted tokens says nothing when there are none.
    expect(accepted).toBeGreaterThan(20)
  })

  const junk = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 5 }).map((parts) => parts.join('.')),
    fc
      .array(
        fc.oneof(fc.json(), fc.string()).map((part) => Buffer.from(part).toString('base64url')),
        { maxLength: 4 },
      )
      .map((parts) => parts.join('.')),
    fc
      .array(fc.uint8Array({ maxLength: 60 }).map((part) => Buffer.from(part).toString('base64url')))
      .map((parts) => parts.join('.')),
  )

  it('the parser throws nothing, and what it takes it can write again', () => {
    fc.assert(
      fc.property(junk, (token) => {
        const parsed = parseToken(token)
        if (parsed === null) return
        expect(`${parsed.signingInput}.${Buffer.from(parsed.signature).toString('base64url')}`).toBe(token)
      }),
      { numRuns: 2000 },
    )
  })

  it('the parser takes what encoding again takes, with headers that it knows and without', () => {
    const parser = createTokenParser()
    const good = signer.mint(createTokenHarness({ jwtKey: signer.pem }).claims())
    const bytes = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.record({ sub: fc.string({ unit: 'binary' }) }).map((claims) => Buffer.from(JSON.stringify(claims))),
      fc.uint8Array({ maxLength: 9 }).map((raw) => Buffer.from(raw)),
    )
    const part = bytes.map((raw) => raw.toString('base64url'))
    /** One place of a token put out of order. */
    const edit = fc.tuple(
      fc.nat(2000),
      fc.constantFrom(
        '',
        '=',
        '==',
        '+',
        '/',
        '-',
        '_',
        'A',
        'B',
        'Q',
        'g',
        '.',
        ' ',
        '\n',
        '\0',
        'é',
        'Ł',
        '❤',
      ),
      fc.constantFrom(0, 1),
    )
    const spoilt = fc
      .tuple(
        fc.oneof(
          fc.tuple(part, part, part).map((parts) => parts.join('.')),
          fc.tuple(fc.constant(good.split('.')[0] ?? ''), part, part).map((parts) => parts.join('.')),
          fc.constant(good),
        ),
        fc.array(edit, { maxLength: 2 }),
      )
      .map(([token, edits]) =>
        edits.reduce((text, [place, by, drop]) => {
          const at = place % (text.length + 1)
          return text.slice(0, at) + by + text.slice(at + drop)
        }, token),
      )
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(junk, spoilt), (token) => {
        const plainly = parsePlainly(token)
        for (const parse of [parseToken, parser.parse]) {
          const parsed = parse(token)
          expect(
            parsed === null ? null : [parsed.header, parsed.payload, Buffer.from(parsed.signature)],
          ).toEqual(plainly === null ? null : [plainly.header, plainly.payload, plainly.signature])
          if (parsed === null) continue
          taken++
          parser.rememberHeader(parsed)
        }
      }),
      { numRuns: 3000 },
    )
    expect(taken).toBeGreaterThan(100)
  })

  it('whatever is sent ends in a TokenError, signed or not', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem })
    const signed = fc
      .tuple(fc.json(), fc.json())
      .map(([header, claims]) => compact(header, claims, rs256(signer.privateKey)))
    await fc.assert(
      fc.asyncProperty(fc.oneof(junk, signed), async (token) => {
        const result = await harness.verify(token)
        expect(result.ok ? null : result.error).toBeInstanceOf(TokenError)
      }),
      { numRuns: 300 },
    )
  })

  it('a good token with one character changed is refused', async () => {
    const harness = createTokenHarness({ jwtKey: signer.pem })
    const token = signer.mint(harness.claims())
    expect(await harness.reason(token)).toBe('accepted')
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.string({ minLength: 1, maxLength: 1 }),
        async (at, character) => {
          fc.pre(token[at] !== character)
          expect(await harness.reason(token.slice(0, at) + character + token.slice(at + 1))).not.toBe(
            'accepted',
          )
        },
      ),
      { numRuns: 300 },
    )
  })
})
