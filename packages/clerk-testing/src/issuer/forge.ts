import { createHmac, constants as crypto, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import type { SessionTokenClaims } from './claims.js'
import type { MintOptions } from './issuer.js'
import { generateKey, type LoadedKey } from './keys.js'

interface Workshop {
  readonly issuer: string
  readonly mint: (claims?: SessionTokenClaims, options?: MintOptions) => Promise<string>
  readonly key: () => LoadedKey
  readonly now: () => number
}

/** Makes one forged token. The claims given are the ones a valid token would carry. */
export type Forgery = (claims?: SessionTokenClaims) => Promise<string>

type Forger = (workshop: Workshop, claims: SessionTokenClaims) => Promise<string>

const encode = (part: string | Uint8Array) => Buffer.from(part as string).toString('base64url')
const parts = (token: string) => token.split('.') as [header: string, payload: string, signature: string]
const headerOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(parts(token)[0], 'base64url').toString())
const payloadOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(parts(token)[1], 'base64url').toString())

/** Signs any bytes as header and payload with the real key: what jose refuses to make. */
export function seal(key: LoadedKey, header: string | Uint8Array, payload: string | Uint8Array): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${signBytes('RSA-SHA256', Buffer.from(input), key.privateKey).toString('base64url')}`
}

/** A valid token whose header and payload texts are changed before a signature that fits is made. */
const resealed =
  (
    change: (header: string, payload: string) => [header: string | Uint8Array, payload: string | Uint8Array],
  ): Forger =>
  async ({ mint, key }, claims) => {
    const [header, payload] = parts(await mint(claims))
    const text = (part: string) => Buffer.from(part, 'base64url').toString()
    return seal(key(), ...change(text(header), text(payload)))
  }

const withHeader = (change: Record<string, unknown>): Forger =>
  resealed((header, payload) => [JSON.stringify({ ...JSON.parse(header), ...change }), payload])

const withPayload = (payload: string | Uint8Array): Forger => resealed((header) => [header, payload])

const withClaims =
  (change: (workshop: Workshop, seconds: number) => SessionTokenClaims, options: MintOptions = {}): Forger =>
  (workshop, claims) =>
    workshop.mint({ ...claims, ...change(workshop, Math.floor(workshop.now() / 1000)) }, options)

/** The valid token, then its text is changed. */
const rewritten =
  (change: (token: string) => string): Forger =>
  async ({ mint }, claims) =>
    change(await mint(claims))

/** A correct signature over the same claims, by another algorithm. */
const resigned =
  (alg: string, signature: (input: Buffer, key: LoadedKey) => Buffer): Forger =>
  async ({ mint, key }, claims) => {
    const token = await mint(claims)
    const input = `${encode(JSON.stringify({ ...headerOf(token), alg }))}.${parts(token)[1]}`
    return `${input}.${signature(Buffer.from(input), key()).toString('base64url')}`
  }

/** An attacker's key signs, and the header carries or names that key. */
const withOwnKey =
  (header: (own: LoadedKey) => Record<string, unknown>): Forger =>
  async ({ mint }, claims) => {
    const token = await mint(claims)
    const own = await generateKey(String(headerOf(token).kid))
    return seal(own, JSON.stringify({ ...headerOf(token), ...header(own) }), JSON.stringify(payloadOf(token)))
  }

const flipLastBits = (part: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1) ?? 'A') ^ 1]
}

const hs256 = (secret: (key: LoadedKey) => string): Forger =>
  resigned('HS256', (input, key) => createHmac('sha256', secret(key)).update(input).digest())

const forgers = {
  // Algorithm and key
  algNone: rewritten(
    (token) => `${encode(JSON.stringify({ ...headerOf(token), alg: 'none' }))}.${parts(token)[1]}.`,
  ),
  hs256WithPem: hs256((key) => key.publicPem),
  hs256WithJwk: hs256((key) => JSON.stringify(key.publicJwk)),
  rs384: resigned('RS384', (input, key) => signBytes('RSA-SHA384', input, key.privateKey)),
  rs512: resigned('RS512', (input, key) => signBytes('RSA-SHA512', input, key.privateKey)),
  ps256: resigned('PS256', (input, key) =>
    signBytes('sha256', input, {
      key: key.privateKey,
      padding: crypto.RSA_PKCS1_PSS_PADDING,
      saltLength: crypto.RSA_PSS_SALTLEN_DIGEST,
    }),
  ),
  es256: resigned('ES256', (input) =>
    signBytes('sha256', input, {
      key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      dsaEncoding: 'ieee-p1363',
    }),
  ),
  otherKey: withOwnKey(() => ({})),
  embeddedJwk: withOwnKey((own) => ({ jwk: own.publicJwk })),
  jku: withOwnKey(() => ({ jku: 'https://attacker.example/jwks.json' })),
  x5u: withOwnKey(() => ({ x5u: 'https://attacker.example/cert.pem' })),
  unknownKid: withOwnKey(() => ({ kid: 'ins_unknown' })),
  kidMissing: withHeader({ kid: undefined }),
  kidNumber: withHeader({ kid: 7 }),
  kidHuge: withOwnKey(() => ({ kid: 'k'.repeat(4096) })),
  kidProto: withOwnKey(() => ({ kid: '__proto__' })),
  kidConstructor: withOwnKey(() => ({ kid: 'constructor' })),

  // Header
  crit: withHeader({ crit: ['exp'] }),
  critEmpty: withHeader({ crit: [] }),
  b64False: withHeader({ b64: false, crit: ['b64'] }),
  zip: withHeader({ zip: 'DEF', crit: ['zip'] }),
  typAccessToken: withHeader({ typ: 'at+jwt' }),
  headerArray: resealed((_, payload) => ['[]', payload]),
  headerNull: resealed((_, payload) => ['null', payload]),
  headerInvalidUtf8: resealed((header, payload) => [
    Buffer.concat([
      Buffer.from(header.slice(0, -1)),
      Buffer.from(',"x":"'),
      Buffer.of(0xff),
      Buffer.from('"}'),
    ]),
    payload,
  ]),

  // Form
  tampered: rewritten((token) => {
    const [header, , signature] = parts(token)
    return `${header}.${encode(JSON.stringify({ ...payloadOf(token), sub: 'user_somebody_else' }))}.${signature}`
  }),
  signatureMissing: rewritten((token) => `${parts(token)[0]}.${parts(token)[1]}.`),
  signatureTrailingBits: rewritten(flipLastBits),
  signaturePadded: rewritten((token) => `${token}==`),
  newline: rewritten((token) => `${token}\n`),
  innerSpace: rewritten((token) => token.replace('.', ' .')),
  standardBase64: async ({ mint }, claims) => {
    for (;;) {
      const token = await mint(claims)
      const rewrittenToken = token.replaceAll('-', '+').replaceAll('_', '/')
      if (rewrittenToken !== token) return rewrittenToken
    }
  },
  twoParts: rewritten((token) => parts(token).slice(0, 2).join('.')),
  fourParts: rewritten((token) => `${token}.AAAA`),
  emptyParts: async () => '..',
  payloadArray: withPayload('[]'),
  payloadNull: withPayload('null'),
  payloadNumber: withPayload('1'),
  payloadInvalidUtf8: resealed((header, payload) => [
    header,
    Buffer.concat([
      Buffer.from(payload.slice(0, -1)),
      Buffer.from(',"x":"'),
      Buffer.of(0xff),
      Buffer.from('"}'),
    ]),
  ]),
  tooLarge: ({ mint }, claims) => mint({ ...claims, filler: 'x'.repeat(8 * 1024) }),
  oneMebibyte: ({ mint }, claims) => mint({ ...claims, filler: 'x'.repeat(1024 * 1024) }),
  deepJson: withPayload(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),

  // Claims of time
  expMissing: withClaims(() => ({ exp: undefined })),
  expString: withClaims((_, seconds) => ({ exp: String(seconds + 60) })),
  expFloat: withClaims((_, seconds) => ({ exp: seconds + 60.5 })),
  expOverflow: resealed((header, payload) => [header, payload.replace(/"exp":\d+/, '"exp":1e400')]),
  expMilliseconds: withClaims((_, seconds) => ({ exp: (seconds + 60) * 1000 })),
  expTenYears: withClaims((_, seconds) => ({ exp: seconds + 10 * 365 * 86_400 })),
  expired: withClaims((_, seconds) => ({ iat: seconds - 7200, nbf: seconds - 7210, exp: seconds - 3600 })),
  notYetValid: withClaims((_, seconds) => ({ nbf: seconds + 3600, exp: seconds + 7200 })),
  issuedInFuture: withClaims((_, seconds) => ({ iat: seconds + 3600, exp: seconds + 7200 })),
  iatMissing: withClaims(() => ({ iat: undefined })),
  nbfString: withClaims((_, seconds) => ({ nbf: String(seconds - 10) })),

  // Claims of identity
  subMissing: withClaims(() => ({ sub: undefined })),
  subEmpty: withClaims(() => ({ sub: '' })),
  subNumber: withClaims(() => ({ sub: 7 })),
  sidMissing: withClaims(() => ({ sid: undefined })),
  jwtTemplate: withClaims(() => ({ sid: undefined }), { cat: 'template' }),
  jwtTemplateWithSid: withClaims(() => ({}), { cat: 'template' }),
  m2m: withClaims(() => ({ sub: 'mch_test', sid: undefined }), { cat: 'm2m' }),
  m2mWithoutCategory: withClaims(() => ({ sub: 'mch_test' }), { cat: null }),
  pending: withClaims(() => ({ sts: 'pending' })),
  issOther: withClaims(() => ({ iss: 'https://clerk.another-instance.example' })),
  issArray: withClaims(({ issuer }) => ({ iss: [issuer] })),
  issMissing: withClaims(() => ({ iss: undefined })),
  azpMissing: withClaims(() => ({ azp: undefined })),
  azpOther: withClaims(() => ({ azp: 'https://attacker.example' })),
  azpLongerThanListed: (workshop, claims) =>
    workshop.mint({ ...claims, azp: `${claims.azp ?? 'https://app.example'}.attacker.example` }),
} as const satisfies Record<string, Forger>

export type ForgeryName = keyof typeof forgers

/** Every forgery by name: `for (const [name, make] of Object.entries(issuer.forge))`. */
export type Forge = Readonly<Record<ForgeryName, Forgery>>

export function createForge(workshop: Workshop): Forge {
  const entries = Object.entries(forgers as Record<string, Forger>)
  return Object.fromEntries(
    entries.map(([name, forger]) => [name, (claims: SessionTokenClaims = {}) => forger(workshop, claims)]),
  ) as Forge
}
