import { randomUUID } from 'node:crypto'
import { type JWTHeaderParameters, SignJWT } from 'jose'
import { organizationClaims, type SessionTokenClaims, type TokenVersion } from './claims.js'
import { createForge, type Forge, seal } from './forge.js'
import { generateKey, type LoadedKey, loadKey, type PublicJwk, type SigningKey } from './keys.js'
import { cookieSuffixOf, publishableKeyOf } from './publishable-key.js'

/** `cat` of the token's header: the class of token this key has signed. */
export const tokenCategories = {
  session: 'cl_B7d4PD111AAA',
  template: 'cl_B7d4PD222AAA',
  m2m: 'cl_B7d4PD333AAA',
  ignore: 'cl_I7d4PD111III',
} as const

export type TokenCategory = keyof typeof tokenCategories

export interface MintOptions {
  /** Form of the organisation claims. Default 2, what Clerk issues today. */
  version?: TokenVersion | undefined
  /** Default 60. */
  ttlSeconds?: number | undefined
  /** Default `'session'`; `null` leaves `cat` out; any other string is used as it is. */
  cat?: TokenCategory | (string & {}) | null | undefined
  /** Header parameters to add or replace; `undefined` removes one. */
  header?: Record<string, unknown> | undefined
  /** Time of issue in milliseconds. Default: the issuer's clock. */
  now?: number | undefined
}

export interface TestIssuerOptions {
  /** Host (and port) of the frontend API. Default `clerk.test.example`; a loopback host makes an `http:` issuer. */
  frontendApi?: string | undefined
  /** `iss` of its tokens. Default: the frontend API's origin. */
  issuer?: string | undefined
  /** Clock in milliseconds. Default `Date.now`. */
  now?: (() => number) | undefined
  /** Reuse a key instead of generating one. */
  key?: SigningKey | undefined
  /** `azp` of session tokens that do not name their own. */
  azp?: string | undefined
}

/** Keys of one Clerk instance, and every token they can sign. */
export interface TestIssuer {
  readonly publishableKey: string
  /** `iss` of the tokens. */
  readonly issuer: string
  /** Suffix of this instance's cookies: `__session_<suffix>`. */
  readonly cookieSuffix: string
  /** Id of the key that signs now. */
  readonly kid: string
  /** Public key that verifies now, SPKI PEM (`CLERK_JWT_KEY`). */
  readonly pem: string
  /** The key that signs now, to start another issuer with (`createTestIssuer({ key })`). */
  readonly key: SigningKey
  /** The published key set: every key not revoked, newest first. */
  jwks(): { keys: PublicJwk[] }
  /** A session token (see {@link SessionTokenClaims} for what can be said in it). */
  mint(claims?: SessionTokenClaims, options?: MintOptions): Promise<string>
  /** A token of a JWT template: no `sid`, category `template`. */
  mintTemplate(claims?: Record<string, unknown>, options?: MintOptions): Promise<string>
  /** A machine-to-machine token: `sub` is a machine (`mch_…`), category `m2m`. */
  mintM2M(claims?: Record<string, unknown>, options?: MintOptions): Promise<string>
  /** An OAuth access token (RFC 9068, `typ: at+jwt`). */
  mintOAuth(claims?: Record<string, unknown>, options?: MintOptions): Promise<string>
  /** Exactly these claims under this issuer's key, nothing filled in but `alg`, `kid` and `typ`. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  /** Any bytes as header and payload under this issuer's key: duplicate claims, `__proto__`, what no library would make. */
  signRaw(header: string | Uint8Array, payload: string | Uint8Array): string
  /** Signs with a new key from now on. The old one stays published, as during Clerk's rotation. Returns the new `kid`. */
  rotate(): Promise<string>
  /** Takes a key out of the published set. Tokens it has signed must be refused. */
  revokeKey(kid: string): void
  /** Tokens that must be refused, by name. */
  readonly forge: Forge
}

/** Creates the keys of an imaginary Clerk instance. Needs no server and no network. */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { frontendApi = 'clerk.test.example', now = () => Date.now(), azp } = options
  const publishableKey = publishableKeyOf(frontendApi)
  const issuer = options.issuer ?? `${isLoopback(frontendApi) ? 'http' : 'https'}://${frontendApi}`
  let signing = options.key ? loadKey(options.key) : await generateKey(newKeyId())
  let published: LoadedKey[] = [signing]

  const sign = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) => {
    const parameters = withoutUndefined({ alg: 'RS256', kid: signing.kid, typ: 'JWT', ...header })
    return new SignJWT(withoutUndefined(claims))
      .setProtectedHeader(parameters as JWTHeaderParameters)
      .sign(signing.privateKey)
  }

  const mintAs = (
    category: TokenCategory,
    defaults: Record<string, unknown>,
    claims: Record<string, unknown>,
    { cat = category, header, ttlSeconds = 60, now: at = now() }: MintOptions,
  ) => {
    const iat = Math.floor(at / 1000)
    const categoryName =
      cat !== null && Object.hasOwn(tokenCategories, cat) ? tokenCategories[cat as TokenCategory] : cat
    return sign(
      { iss: issuer, iat, nbf: iat - 10, exp: iat + ttlSeconds, jti: randomUUID(), ...defaults, ...claims },
      { cat: categoryName ?? undefined, ...header },
    )
  }

  const mint: TestIssuer['mint'] = async (claims = {}, mintOptions = {}) => {
    const { organization, features, plans, ...rest } = claims
    const version = mintOptions.version ?? 2
    return mintAs(
      'session',
      {
        sub: 'user_test',
        sid: 'sess_test',
        azp,
        fva: [0, -1],
        sts: version === 2 ? 'active' : undefined,
        v: version === 2 ? 2 : undefined,
        ...organizationClaims({ organization, features, plans }, version),
      },
      rest,
      mintOptions,
    )
  }

  return {
    publishableKey,
    issuer,
    cookieSuffix: cookieSuffixOf(publishableKey),
    get kid() {
      return signing.kid
    },
    get pem() {
      return signing.publicPem
    },
    get key() {
      return { kid: signing.kid, privatePem: signing.privatePem }
    },
    jwks: () => ({ keys: published.map((key) => key.publicJwk) }),
    mint,
    mintTemplate: (claims = {}, mintOptions = {}) =>
      mintAs('template', { sub: 'user_test' }, claims, mintOptions),
    mintM2M: (claims = {}, mintOptions = {}) => mintAs('m2m', { sub: 'mch_test' }, claims, mintOptions),
    mintOAuth: (claims = {}, mintOptions = {}) =>
      mintAs('session', { sub: 'user_test', client_id: 'client_test', scope: 'profile' }, claims, {
        ...mintOptions,
        cat: mintOptions.cat ?? null,
        header: { typ: 'at+jwt', ...mintOptions.header },
      }),
    sign,
    signRaw: (header, payload) => seal(signing, header, payload),
    rotate: async () => {
      signing = await generateKey(newKeyId())
      published = [signing, ...published]
      return signing.kid
    },
    revokeKey: (kid) => {
      published = published.filter((key) => key.kid !== kid)
    },
    forge: createForge({
      issuer,
      mint,
      key: () => signing,
      now,
    }),
  }
}

export const newKeyId = () => `ins_${randomUUID().replaceAll('-', '')}`

function isLoopback(frontendApi: string): boolean {
  const { hostname } = new URL(`http://${frontendApi}`)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}

function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}
