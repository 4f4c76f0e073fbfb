import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { json, startServer } from '../../../testing/http-server.js'
import { compact, createSigner, encode, hs256, rs256, unsigned } from '../../../testing/signer.js'
import { createTokenHarness } from '../../../testing/token-harness.js'
import { parseToken } from './parse-token.js'

const signer = createSigner()
const attacker = createSigner('ins_attacker')
const harness = createTokenHarness({ jwtKey: signer.pem })
const good = signer.mint(harness.claims())
const header = { alg: 'RS256', kid: 'ins_1', typ: 'JWT' }

describe('algorithms', () => {
  it('accepts RS256 with the published key', async () => {
    expect(await harness.reason(good)).toBe('accepted')
  })

  it('refuses `none`, which has no signature', async () => {
    const token = compact({ ...header, alg: 'none' }, harness.claims(), unsigned)
    expect(await harness.reason(token)).toBe('token-malformed')
    expect(await harness.reason(`${token}AA`)).toBe('algorithm-not-allowed')
  })

  it('refuses HS256 signed with the public key as PEM', async () => {
    const token = compact({ ...header, alg: 'HS256' }, harness.claims(), hs256(signer.pem))
    expect(await harness.reason(token)).toBe('algorithm-not-allowed')
  })

  it('refuses HS256 signed with the public key as JWK', async () => {
    const token = compact({ ...header, alg: 'HS256' }, harness.claims(), hs256(JSON.stringify(signer.jwk)))
    expect(await harness.reason(token)).toBe('algorithm-not-allowed')
  })

  it('refuses an HMAC that calls itself RS256', async () => {
    const token = compact(header, harness.claims(), (input) =>
      createHmac('sha256', signer.pem).update(input).digest(),
    )
    expect(await harness.reason(token)).toBe('signature-invalid')
  })

  it.each(['RS384', 'RS512', 'PS256', 'ES256', 'EdDSA', 'rs256', 'RS256 '])('refuses %s', async (alg) => {
    const token = compact({ ...header, alg }, harness.claims(), rs256(signer.privateKey))
    expect(await harness.reason(token)).toBe('algorithm-not-allowed')
  })

  it('refuses real RS384, PS256 and ES256 signatures under the name RS256', async () => {
    const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const signatures = [
      (input: string) => sign('sha384', Buffer.from(input), signer.privateKey),
      (input: string) =>
        sign('sha256', Buffer.from(input), {
          key: signer.privateKey,
          padding: 6 /* RSA_PKCS1_PSS_PADDING */,
        }),
      (input: string) => sign('sha256', Buffer.from(input), ec),
    ]
    for (const signature of signatures) {
      expect(await harness.reason(compact(header, harness.claims(), signature))).toBe('signature-invalid')
    }
  })

  it.each([undefined, null, 256, ['RS256'], { alg: 'RS256' }])('refuses alg %j', async (alg) => {
    expect(
      await harness.reason(compact({ ...header, alg }, harness.claims(), rs256(signer.privateKey))),
    ).toBe('algorithm-not-allowed')
  })
})

describe('header', () => {
  it.each([
    { jwk: attacker.jwk },
    { jku: 'https://evil.example/jwks.json' },
    { x5u: 'https://evil.example/cert.pem' },
    { x5c: ['AAAA'] },
  ])('takes no key from the token itself: %j', async (embedded) => {
    const token = compact({ ...header, ...embedded }, harness.claims(), rs256(attacker.privateKey))
    expect(await harness.reason(token)).toBe('signature-invalid')
  })

  it.each([
    { crit: ['exp'] },
    { crit: [] },
    { crit: null },
    { crit: ['b64'], b64: false },
    { b64: false },
    { zip: 'DEF' },
  ])('refuses the extension %j', async (extension) => {
    expect(await harness.reason(signer.mint(harness.claims(), extension))).toBe('critical-header-not-allowed')
  })

  it.each(['at+jwt', 'application/at+jwt', 'jwt', 'JOSE', '', 1, null])('refuses typ %j', async (typ) => {
    expect(await harness.reason(signer.mint(harness.claims(), { typ }))).toBe('token-type-not-allowed')
  })

  it('accepts an absent typ', async () => {
    expect(await harness.reason(signer.mint(harness.claims(), { typ: undefined }))).toBe('accepted')
  })

  it.each([undefined, 'cl_B7d4PD111AAA', 'cl_I7d4PD111III'])('accepts cat %j', async (cat) => {
    expect(await harness.reason(signer.mint(harness.claims(), { cat }))).toBe('accepted')
  })

  it.each(['cl_B7d4PD222AAA', 'cl_B7d4PD333AAA', 'cl_unknown', '', null, 1])(
    'refuses cat %j',
    async (cat) => {
      expect(await harness.reason(signer.mint(harness.claims(), { cat }))).toBe('token-category-not-allowed')
    },
  )

  it('needs a kid that is a string with a key set, and finds no key by the names of Object.prototype', async () => {
    const server = await startServer(json({ keys: [signer.jwk] }))
    const remote = createTokenHarness({ jwksUrl: `${server.url}/jwks` })
    try {
      expect(await remote.reason(signer.mint(remote.claims()))).toBe('accepted')
      for (const kid of [undefined, null, 1, {}, ['ins_1']]) {
        expect(await remote.reason(signer.mint(remote.claims(), { kid }))).toBe('key-id-missing')
      }
      for (const kid of ['', '__proto__', 'constructor', 'toString', 'k'.repeat(5000)]) {
        expect(await remote.reason(signer.mint(remote.claims(), { kid }))).toBe('key-not-found')
      }
      expect(await remote.reason(signer.mint(remote.claims(), { kid: 'k'.repeat(10_240) }))).toBe(
        'token-too-large',
      )
    } finally {
      await server.stop()
    }
  })

  it('needs no kid with a PEM key', async () => {
    expect(await harness.reason(signer.mint(harness.claims(), { kid: undefined }))).toBe('accepted')
    expect(await harness.reason(signer.mint(harness.claims(), { kid: 'whatever' }))).toBe('accepted')
  })
})

describe('encoding', () => {
  const [h = '', p = '', s = ''] = good.split('.')

  it.each([
    ['padding', `${h}=.${p}.${s}`],
    ['padding in the payload', `${h}.${p}==.${s}`],
    ['padding in the signature', `${h}.${p}.${s}==`],
    ['a newline', `${h}.${p}\n.${s}`],
    ['a trailing newline', `${good}\n`],
    ['a leading space', ` ${good}`],
    ['a space inside', `${h}.${p.slice(0, 8)} ${p.slice(8)}.${s}`],
    ['the alphabet of plain base64', `${h}.${p}.${s.slice(0, -4)}+/+/`],
    ['a character of no alphabet', `${h}.${p}.${s.slice(0, -1)}é`],
    ['a null byte', `${h}.${p}.${s}\0`],
  ])('refuses %s', async (_name, token) => {
    expect(await harness.reason(token)).toBe('token-malformed')
  })

  it('refuses stray trailing bits in any part', async () => {
    // 256 bytes of signature end in a character of which four bits mean nothing.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const neighbour = alphabet[alphabet.indexOf(s.at(-1) ?? '') ^ 1]
    const twin = `${h}.${p}.${s.slice(0, -1)}${neighbour}`
    expect(Buffer.from(twin.split('.')[2] ?? '', 'base64url')).toEqual(Buffer.from(s, 'base64url'))
    expect(await harness.reason(twin)).toBe('token-malformed')
  })

  it('takes a part of any length and end exactly when encoding its bytes again gives it', () => {
    const ends = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \0é\u{1f600}'
    for (let length = 0; length < 9; length++) {
      for (const end of ends) {
        const part = 'Q'.repeat(length) + end
        const canonical = Buffer.from(part, 'base64url').toString('base64url') === part
        expect([part, parseToken(`${h}.${p}.${part}`) !== null]).toEqual([part, canonical])
      }
    }
  })

  it.each([
    ['four parts', `${good}.${s}`],
    ['five parts', `${good}.${s}.${s}`],
    ['two parts', `${h}.${p}`],
    ['one part', h],
    ['nothing', ''],
    ['dots only', '..'],
    ['an empty header', `.${p}.${s}`],
    ['an empty payload', `${h}..${s}`],
    ['an empty signature', `${h}.${p}.`],
  ])('refuses %s', async (_name, token) => {
    expect(await harness.reason(token)).toBe('token-malformed')
  })

  it.each([
    ['array', '[]'],
    ['null', 'null'],
    ['number', '7'],
    ['string', '"x"'],
    ['nothing', ' '],
    ['cut off', '{"a":'],
  ])('refuses a header or payload that is %s, with a good signature', async (_name, part) => {
    expect(await harness.reason(compact(part, harness.claims(), rs256(signer.privateKey)))).toBe(
      'token-malformed',
    )
    expect(await harness.reason(compact(header, part, rs256(signer.privateKey)))).toBe('token-malformed')
  })

  it('refuses invalid UTF-8 and a byte order mark', async () => {
    const claims = Buffer.from(JSON.stringify(harness.claims({ name: 'X' })))
    claims[claims.indexOf('X')] = 0xff
    expect(await harness.reason(compact(header, claims, rs256(signer.privateKey)))).toBe('token-malformed')
    const marked = Buffer.concat([
      Buffer.from([0xef, 0xbb, 0xbf]),
      Buffer.from(JSON.stringify(harness.claims())),
    ])
    expect(await harness.reason(compact(header, marked, rs256(signer.privateKey)))).toBe('token-malformed')
  })

  it('refuses 8 KiB + 1 and 1 MiB, and accepts exactly 8 KiB', async () => {
    const fill = (length: number) => signer.mint(harness.claims({ fill: 'x'.repeat(length) }))
    let length = 5200
    while (fill(length).length < 8192) length++
    while (fill(length).length > 8192) length--
    const whole = fill(length)
    expect(8192 - whole.length).toBeLessThanOrEqual(1)
    expect(await harness.reason(whole)).toBe('accepted')
    expect(await harness.reason(`${'x'.repeat(8193 - whole.length)}${whole}`)).toBe('token-too-large')
    expect(await harness.reason('x'.repeat(1024 * 1024))).toBe('token-too-large')
  })

  it('survives JSON that is nested as deep as fits, and refuses 20,000 levels', async () => {
    const nested = (depth: number) => {
      const claims = JSON.stringify(harness.claims()).slice(0, -1)
      return compact(
        header,
        `${claims},"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`,
        rs256(signer.privateKey),
      )
    }
    expect(await harness.reason(nested(2500))).toBe('accepted')
    expect(await harness.reason(nested(20_000))).toBe('token-too-large')
  })

  it('takes the last of duplicate claims, as jose does', async () => {
    const claims = JSON.stringify(harness.claims()).slice(0, -1)
    const result = await harness.verify(
      compact(header, `${claims},"sub":"user_2"}`, rs256(signer.privateKey)),
    )
    expect(result.ok && result.token.claims.sub).toBe('user_2')
  })

  it('lets `__proto__` and `constructor` be claims like any other', async () => {
    const claims = JSON.stringify(harness.claims()).slice(0, -1)
    const token = compact(
      header,
      `${claims},"__proto__":{"admin":true},"constructor":1}`,
      rs256(signer.privateKey),
    )
    const result = await harness.verify(token)
    expect(result.ok).toBe(true)
    expect(result.ok && result.token.claims.admin).toBe(undefined)
    expect(Object.hasOwn({}, 'admin')).toBe(false)
  })

  it('answers for what is not a string at all', async () => {
    for (const token of [undefined, null, 7, {}, []])
      expect(await harness.reason(token as never)).toBe('token-malformed')
  })
})

describe('signature', () => {
  it('refuses another key, a changed byte and the signature of another token', async () => {
    expect(await harness.reason(attacker.mint(harness.claims(), { kid: 'ins_1' }))).toBe('signature-invalid')
    const [h, , s] = good.split('.')
    expect(await harness.reason(`${h}.${encode(harness.claims({ sub: 'user_2' }))}.${s}`)).toBe(
      'signature-invalid',
    )
    const [h2, p2] = signer.mint(harness.claims({ sub: 'user_3' })).split('.')
    expect(await harness.reason(`${h2}.${p2}.${s}`)).toBe('signature-invalid')
  })

  it('is verified before any claim', async () => {
    const token = attacker.mint(harness.claims({ exp: 1, iss: 'https://evil.example', azp: 'x' }), {
      kid: 'ins_1',
    })
    expect(await harness.reason(token)).toBe('signature-invalid')
  })
})

describe('what a refusal says', () => {
  it('never holds the token or a claim', async () => {
    const token = signer.mint(harness.claims({ iss: 'https://evil.example', sub: 'user_secret' }))
    const result = await harness.verify(token)
    const said = result.ok
      ? ''
      : `${result.error.message} ${result.error.stack} ${JSON.stringify(result.error)}`
    expect(said).toContain('issuer')
    for (const part of [...token.split('.'), 'user_secret', 'evil']) expect(said).not.toContain(part)
  })

  describe('according to its form and its unverified claims a refused token is', () => {
    const kindOf = async (token: string) => {
      const result = await harness.verify(token)
      return result.ok ? 'accepted' : result.kind
    }

    it.each([
      ['foreign', 'what is no JWT', () => 'application-api-key'],
      [
        'foreign',
        'a JWT with another algorithm',
        () => compact({ alg: 'HS256' }, { iss: 'app' }, hs256('s')),
      ],
      [
        'foreign',
        'a JWT of another issuer',
        () => attacker.mint(harness.claims({ iss: 'https://other.example' })),
      ],
      ['refused', 'a forgery with our issuer', () => attacker.mint(harness.claims())],
      ['refused', 'a token without a user', () => signer.mint(harness.claims({ sub: '' }))],
      ['expired', 'a token whose time is over', () => signer.mint(harness.claims({ exp: 1 }))],
      ['machine-jwt', 'an OAuth access token', () => signer.mint(harness.claims(), { typ: 'at+jwt' })],
      ['machine-jwt', 'an M2M token', () => signer.mint(harness.claims(), { cat: 'cl_B7d4PD333AAA' })],
      ['machine-jwt', 'a token of a machine', () => signer.mint(harness.claims({ sub: 'mch_1' }))],
    ])('%s: %s', async (kind, _what, token) => {
      expect(await kindOf(token())).toBe(kind)
    })
  })
})
