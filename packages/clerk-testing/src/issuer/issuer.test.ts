import fc from 'fast-check'
import { exportSPKI, importJWK, importSPKI, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { cookieSuffixOf, createTestIssuer, type TestIssuer } from '../index.js'
import { organizationClaims } from './claims.js'

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await createTestIssuer({ now: () => 1_800_000_000_000 })
})

const verify = async (token: string) =>
  jwtVerify(token, await importSPKI(issuer.pem, 'RS256'), { currentDate: new Date(1_800_000_000_000) })

describe('a session token', () => {
  test('has Clerk’s header and claims, and verifies with jose', async () => {
    const { payload, protectedHeader } = await verify(
      await issuer.mint({ sub: 'user_1', sid: 'sess_1', azp: 'https://app.example' }),
    )
    expect(protectedHeader).toEqual({ alg: 'RS256', kid: issuer.kid, typ: 'JWT', cat: 'cl_B7d4PD111AAA' })
    expect(payload).toMatchObject({
      iss: issuer.issuer,
      sub: 'user_1',
      sid: 'sess_1',
      azp: 'https://app.example',
      v: 2,
      sts: 'active',
      iat: 1_800_000_000,
      exp: 1_800_000_060,
      fva: [0, -1],
    })
  })

  test('leaves out what is undefined, and takes header, category, lifetime and time from the options', async () => {
    const token = await issuer.mint(
      { sub: undefined, exp: 'soon' },
      { cat: null, header: { typ: undefined, crit: undefined }, ttlSeconds: 10, now: 1_000 },
    )
    const [header, payload] = token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
    expect(header).toEqual({ alg: 'RS256', kid: issuer.kid })
    expect(payload).toMatchObject({ iat: 1, exp: 'soon' })
    expect(payload).not.toHaveProperty('sub')
  })

  test('of a template, a machine or OAuth has its own category and type', async () => {
    const header = async (token: string) => (await verify(token)).protectedHeader
    expect(await header(await issuer.mintTemplate())).toMatchObject({ cat: 'cl_B7d4PD222AAA' })
    expect(await header(await issuer.mintM2M())).toMatchObject({ cat: 'cl_B7d4PD333AAA' })
    expect(await header(await issuer.mintOAuth())).toMatchObject({ typ: 'at+jwt' })
  })
})

describe('permissions', () => {
  // Written from the description of the claims alone, and the other way round.
  const decode = ({ o, fea = '' }: { o?: { per?: string; fpm?: string }; fea?: string }) => {
    const features = fea
      .split(',')
      .filter((entry) => entry.split(':')[0]?.includes('o'))
      .map((entry) => entry.split(':')[1])
    const per = o?.per?.split(',') ?? []
    return (o?.fpm?.split(',') ?? []).flatMap((mask, index) =>
      per
        .filter((_, bit) => (BigInt(mask) >> BigInt(bit)) & 1n)
        .map((name) => `org:${features[index]}:${name}`),
    )
  }
  const word = fc.stringMatching(/^[a-z]{1,6}$/)

  test('decode to what was encoded, whatever other features there are', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.tuple(word, word).map(([feature, name]) => `org:${feature}:${name}`),
          { maxLength: 80 },
        ),
        fc.array(
          fc.tuple(fc.constantFrom('u', 'o', 'uo', 'ou'), word).map((pair) => pair.join(':')),
          { maxLength: 5 },
        ),
        (permissions, features) => {
          const seen = new Set<string | undefined>()
          const distinct = features.filter(
            (entry) => !seen.has(entry.split(':')[1]) && seen.add(entry.split(':')[1]),
          )
          const claims = organizationClaims(
            { organization: { id: 'org_1', permissions }, features: distinct },
            2,
          )
          expect(decode(claims).sort()).toEqual([...permissions].sort())
        },
      ),
    )
  })

  test('past the 53rd need a mask larger than a double holds', () => {
    const permissions = Array.from({ length: 54 }, (_, index) => `org:f:p${index}`)
    const all = organizationClaims({ organization: { id: 'org_1', permissions } }, 2) as {
      o: { per: string }
    }
    const two = organizationClaims({ organization: { id: 'org_1', permissions: [...permissions] } }, 2) as {
      o: { fpm: string }
    }
    expect(all.o.per.split(',')).toHaveLength(54)
    expect(two.o.fpm).toBe((2n ** 54n - 1n).toString())
  })

  test('that are not org:feature:permission are refused', async () => {
    await expect(
      issuer.mint({ organization: { id: 'org_1', permissions: ['invoices:read'] } }),
    ).rejects.toThrow('org:<feature>:<permission>')
  })
})

describe('keys', () => {
  test('rotate while the old one stays published, until it is revoked', async () => {
    const own = await createTestIssuer()
    const [old, pem] = [own.kid, own.pem]
    const kid = await own.rotate()
    expect(own.jwks().keys.map((key) => key.kid)).toEqual([kid, old])
    expect(own.pem).not.toBe(pem)
    own.revokeKey(old)
    expect(own.jwks().keys.map((key) => key.kid)).toEqual([kid])
    expect(Object.keys(own.jwks().keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    const jwk = await importJWK({ ...own.jwks().keys[0] }, 'RS256', { extractable: true })
    expect((await exportSPKI(jwk as Parameters<typeof exportSPKI>[0])).trim()).toBe(own.pem.trim())
  })

  test('are never shared by two issuers, unless handed over', async () => {
    const [one, two] = await Promise.all([createTestIssuer(), createTestIssuer()])
    expect(one.pem).not.toBe(two.pem)
    expect((await createTestIssuer({ key: one.key })).pem).toBe(one.pem)
  })

  test('name the cookies as Clerk does', () => {
    expect(cookieSuffixOf('pk_live_Y2xlcmsuY2xlcmsuZGV2JA')).toBe('1Z8AzTQD')
    expect(issuer.publishableKey).toBe('pk_test_Y2xlcmsudGVzdC5leGFtcGxlJA')
  })
})

describe('forgeries', () => {
  const signedWithTheKey = async (token: string) =>
    verify(token).then(
      () => true,
      () => false,
    )

  test('differ from each other and from a valid token, and are made from the claims given', async () => {
    const made = await Promise.all(
      Object.entries(issuer.forge).map(
        async ([name, forge]) => [name, await forge({ sub: 'user_7' })] as const,
      ),
    )
    expect(new Set(made.map(([, token]) => token)).size).toBe(made.length)
    expect(made.length).toBeGreaterThan(60)
  })

  test.each([
    'algNone',
    'hs256WithPem',
    'rs384',
    'ps256',
    'es256',
    'otherKey',
    'embeddedJwk',
    'tampered',
    'twoParts',
    'payloadNull',
    'crit',
    'expired',
    'notYetValid',
  ] as const)('%s is refused by jose', async (name) => {
    expect(await signedWithTheKey(await issuer.forge[name]())).toBe(false)
  })

  test.each([
    'jwtTemplate',
    'm2m',
    'pending',
    'issOther',
    'sidMissing',
    'azpOther',
    'tooLarge',
    'expTenYears',
  ] as const)('%s has a good signature: only the rules of a session token refuse it', async (name) => {
    expect(await signedWithTheKey(await issuer.forge[name]())).toBe(true)
  })

  test('have the padding, the size and the alphabet that their names say', async () => {
    expect(await issuer.forge.signaturePadded()).toMatch(/==$/)
    expect((await issuer.forge.tooLarge()).length).toBeGreaterThan(8192)
    expect(await issuer.forge.standardBase64()).toMatch(/[+/]/)
    expect(issuer.signRaw('{"alg":"RS256"}', '{"sub":"a","sub":"b"}').split('.')).toHaveLength(3)
  })
})
