import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createSigner } from '../testing/signer.js'
import { type Configuration, resolveOptions } from './configure.js'
import { fromEnv } from './env.js'
import { ConfigurationError } from './ground/errors.js'
import type { ResolvedOptions } from './ground/options/resolved.js'
import type { ClerkOptions } from './options.js'

const { pem } = createSigner()
const PUBLISHABLE = `pk_test_${Buffer.from('clerk.example.com$').toString('base64')}`
const LOCAL = `pk_test_${Buffer.from('127.0.0.1:4400$').toString('base64')}`
const APP = 'https://app.example.com'
const base = { publishableKey: PUBLISHABLE, authorizedParties: [APP] }

const resolve = (options: object): Configuration => resolveOptions(options as ClerkOptions)
const given = (options: object) => resolve({ ...base, ...options })

function problemsOf(options: object): string[] {
  try {
    resolve(options)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    for (const { message, remedy } of error.problems)
      expect([message, remedy].every((text) => /[.!?]$/.test(text))).toBe(true)
    return error.problems.map(({ option }) => option)
  }
}

describe('defaults', () => {
  it('are those of the documentation', () => {
    const { now, fetch, authorizedParties, logging, ...resolved } = given({})
    expect([...(authorizedParties?.exact ?? [])]).toEqual([APP])
    expect(resolved).toEqual({
      secretKey: null,
      publishableKey: PUBLISHABLE,
      machineSecretKey: null,
      issuer: 'https://clerk.example.com',
      apiUrl: 'https://api.clerk.com',
      keys: { kind: 'jwks', url: 'https://clerk.example.com/.well-known/jwks.json', secretKey: null },
      allowMissingAzp: false,
      audience: null,
      clockToleranceSeconds: 5,
      allowPending: false,
      machineId: null,
      machineOrigins: [],
      accept: {
        apiKeys: false,
        apiKeyHeader: false,
        m2m: { opaque: false, jwt: false },
        oauth: { opaque: false, jwt: false },
        resource: null,
        scopes: [],
        maxAgeSeconds: null,
      },
      cookieSuffix: expect.stringMatching(/^[\w-]{8}$/),
      session: { revalidateAfterSeconds: 300, graceSeconds: 300, remember: 'cookies', keepClaims: [] },
      signInUrl: null,
      signUpUrl: null,
      provisioning: 'api',
      linking: [],
      privateMetadata: false,
      webhookSecrets: [],
      api: { concurrency: 16, requestsPer10Seconds: 100 },
      credentialsPer10Seconds: 100,
      webhook: {
        toleranceSeconds: 300,
        leaseSeconds: 60,
        handlerTimeoutSeconds: 10,
        maxBodyBytes: 1_048_576,
      },
      cache: { tokens: 10_000, users: 10_000, userTtlSeconds: 300, organizationTtlSeconds: 900 },
      storeTimeoutSeconds: 3,
      pollSeconds: 2,
      invalidation: null,
      warnings: [],
    })
    expect(logging).toMatchObject({
      given: false,
      production: false,
      logger: { error: expect.any(Function) },
    })
    expect(Math.abs(now() - Date.now())).toBeLessThan(1000)
    expect(typeof fetch).toBe('function')
  })

  it('let undefined stand for nothing given', () => {
    const names = [
      'secretKey',
      'audience',
      'clockToleranceSeconds',
      'session',
      'cache',
      'accept',
      'webhook',
      'now',
    ]
    const nothing = Object.fromEntries(names.map((name) => [name, undefined]))
    expect(problemsOf({ ...base, ...nothing })).toEqual([])
    expect(
      problemsOf({ ...base, session: { graceSeconds: undefined }, cache: { users: undefined } }),
    ).toEqual([])
  })

  it('names cookies as Clerk does', () => {
    expect(given({ publishableKey: 'pk_live_Y2xlcmsuY2xlcmsuZGV2JA' }).cookieSuffix).toBe('1Z8AzTQD')
    expect(resolve({ jwtKey: pem, issuer: 'https://x.example', authorizedParties: 'any' }).cookieSuffix).toBe(
      null,
    )
  })
})

describe("this process's part of Clerk's limit", () => {
  it.each([
    ['sk_live_a', {}, { concurrency: 64, requestsPer10Seconds: 1000 }],
    ['sk_test_a', {}, { concurrency: 16, requestsPer10Seconds: 100 }],
    ['sk_test_a', { share: 0.25 }, { concurrency: 16, requestsPer10Seconds: 25 }],
    ['sk_live_a', { requestsPer10Seconds: 300, share: 0.5 }, { concurrency: 64, requestsPer10Seconds: 150 }],
    ['sk_test_a', { concurrency: 3, share: 0.001 }, { concurrency: 3, requestsPer10Seconds: 1 }],
  ])('of %s with %o is %o', (secretKey, api, expected) => {
    expect(
      resolve({ secretKey, api, jwtKey: pem, issuer: 'https://x.example', authorizedParties: 'any' }).api,
    ).toEqual(expected)
  })
})

it("knows no limit of what answers on this machine, and takes no more invented credentials there than Clerk's key would", () => {
  const resolved = resolve({
    ...{ secretKey: 'sk_test_a', apiUrl: 'http://127.0.0.1:4400' },
    ...{ jwtKey: pem, issuer: 'https://x.example', authorizedParties: 'any' },
  })
  expect(resolved.api).toEqual({ concurrency: 64, requestsPer10Seconds: 1_000_000 })
  expect(resolved.credentialsPer10Seconds).toBe(100)
})

describe('keys and issuer', () => {
  it.each<[string, object, ResolvedOptions['keys'], string]>([
    [
      'jwtKey first',
      { jwtKey: pem, jwksUrl: 'https://x.example/jwks' },
      { kind: 'pem', pem },
      'https://clerk.example.com',
    ],
    [
      'then jwksUrl',
      { jwksUrl: 'https://x.example/jwks', secretKey: 'sk_test_a' },
      { kind: 'jwks', url: 'https://x.example/jwks', secretKey: null },
      'https://clerk.example.com',
    ],
    [
      'then the frontend API',
      { secretKey: 'sk_test_a' },
      { kind: 'jwks', url: 'https://clerk.example.com/.well-known/jwks.json', secretKey: null },
      'https://clerk.example.com',
    ],
    [
      'then the Backend API',
      { publishableKey: undefined, secretKey: 'sk_test_a', issuer: 'https://x.example/' },
      { kind: 'jwks', url: 'https://api.clerk.com/v1/jwks', secretKey: 'sk_test_a' },
      'https://x.example',
    ],
    [
      'the Backend API by its URL',
      { jwksUrl: 'https://api.clerk.com/v1/jwks', secretKey: 'sk_test_a' },
      { kind: 'jwks', url: 'https://api.clerk.com/v1/jwks', secretKey: 'sk_test_a' },
      'https://clerk.example.com',
    ],
    [
      'the issuer from jwksUrl',
      { publishableKey: undefined, jwksUrl: 'https://x.example/a/jwks' },
      { kind: 'jwks', url: 'https://x.example/a/jwks', secretKey: null },
      'https://x.example',
    ],
    [
      'http: for loopback',
      { publishableKey: LOCAL },
      { kind: 'jwks', url: 'http://127.0.0.1:4400/.well-known/jwks.json', secretKey: null },
      'http://127.0.0.1:4400',
    ],
    [
      'a placeholder is missing',
      { jwtKey: '', jwksUrl: '<url>', secretKey: 'sk_test_...' },
      { kind: 'jwks', url: 'https://clerk.example.com/.well-known/jwks.json', secretKey: null },
      'https://clerk.example.com',
    ],
  ])('%s', (_name, options, keys, issuer) => {
    expect(given(options)).toMatchObject({ keys, issuer })
  })

  it.each<[string, object, ResolvedOptions['keys']]>([
    [
      'its key set',
      {},
      { kind: 'jwks', url: 'https://app.example.com/__clerk/.well-known/jwks.json', secretKey: null },
    ],
    [
      'the Backend API, which this application does not have to pass on itself',
      { secretKey: 'sk_test_a' },
      { kind: 'jwks', url: 'https://api.clerk.com/v1/jwks', secretKey: 'sk_test_a' },
    ],
  ])('a proxy in front of the frontend API is the issuer, with keys from %s', (_name, options, keys) => {
    const proxyUrl = 'https://app.example.com/__clerk/'
    expect(given({ proxyUrl, ...options })).toMatchObject({ keys, issuer: 'https://app.example.com/__clerk' })
    expect(given({ proxyUrl, issuer: 'https://x.example', ...options }).issuer).toBe('https://x.example')
    expect(problemsOf({ ...base, proxyUrl: '/__clerk' })).toEqual(['proxyUrl'])
  })

  it('cuts /v1 and slashes off the API URL', () => {
    expect(given({ apiUrl: 'https://api.clerk.com/v1/' }).apiUrl).toBe('https://api.clerk.com')
    expect(given({ apiUrl: 'http://localhost:4400' }).apiUrl).toBe('http://localhost:4400')
  })

  it.each<[object, string[]]>([
    [{ publishableKey: undefined }, ['publishableKey']],
    // That it is missing, and why.
    [{ publishableKey: 'pk_test_...' }, ['publishableKey', 'publishableKey']],
    [{ publishableKey: 'sk_test_abc' }, ['publishableKey']],
    [{ publishableKey: 'pk_test_abc' }, ['publishableKey']],
    [{ publishableKey: `pk_test_${Buffer.from('evil.example/x$').toString('base64')}` }, ['publishableKey']],
    [
      { publishableKey: `pk_test_${Buffer.from('u:p@evil.example$').toString('base64')}` },
      ['publishableKey'],
    ],
    [{ publishableKey: 7 }, ['publishableKey']],
    [{ publishableKey: undefined, secretKey: 'sk_test_a' }, ['issuer']],
    [{ publishableKey: undefined, jwtKey: pem }, ['issuer']],
    [
      { publishableKey: undefined, jwksUrl: 'https://api.clerk.com/v1/jwks', secretKey: 'sk_test_a' },
      ['issuer'],
    ],
    [{ jwtKey: 'x' }, ['jwtKey']],
    [{ jwtKey: createSigner('weak', 1024).pem }, ['jwtKey']],
    [{ jwksUrl: 'http://x.example/jwks' }, ['jwksUrl']],
    [{ jwksUrl: 'http://localhost.evil.example/jwks' }, ['jwksUrl']],
    [{ jwksUrl: 'https://user:pass@x.example/jwks' }, ['jwksUrl']],
    [{ issuer: 'x' }, ['issuer']],
    [{ apiUrl: 'http://10.0.0.1' }, ['apiUrl']],
    [{ secretKey: 'sk_live_a' }, ['secretKey']],
    [{ secretKey: 'pk_test_a' }, ['secretKey']],
    [{ machineSecretKey: 'sk_test_a' }, ['machineSecretKey']],
  ])('%j is a problem', (options, problems) => {
    expect(problemsOf({ ...base, ...options })).toEqual(problems)
  })
})

describe('authorizedParties', () => {
  const exact = (parties: readonly string[]) =>
    given({ authorizedParties: parties }).authorizedParties?.exact ?? []

  it('are normalised', () => {
    const parties = [
      'https://App.Example.com/',
      'https://app.example.com:443',
      'http://localhost:80',
      'http://localhost:3000',
    ]
    expect([...exact(parties)]).toEqual([APP, 'http://localhost', 'http://localhost:3000'])
  })

  it('may be native shells and extensions', () => {
    const parties = ['chrome-extension://abcdef', 'capacitor://localhost']
    expect([...exact(parties)]).toEqual(parties)
  })

  it("may be 'any', in so many words", () => {
    expect(given({ authorizedParties: 'any' }).authorizedParties).toBe(null)
  })

  it.each([
    [undefined],
    [[]],
    ['https://app.example.com'],
    [null],
    [['any']],
    [['app.example.com']],
    [['https://app.example.com/login']],
    [['https://app.example.com?x']],
    [['https://app.example.com#x']],
    [['https://user@app.example.com']],
    [['https://*.com']],
    [['https://*.vercel.app']],
    [['*']],
    [['null']],
    [['localhost:3000']],
    [['']],
    [[7]],
  ])('%j is a problem', (authorizedParties) => {
    expect(problemsOf({ ...base, authorizedParties })).toEqual(['authorizedParties'])
  })

  it('may hold patterns', () => {
    const { authorizedParties } = given({ authorizedParties: [APP, 'https://*.preview.example.com'] })
    expect(authorizedParties?.has('https://pr-7.preview.example.com')).toBe(true)
    expect([...(authorizedParties?.exact ?? [])]).toEqual([APP])
  })

  it('hold no pattern of loopback ports in production, by its keys or by NODE_ENV', () => {
    const parties = { authorizedParties: ['http://localhost:*'] }
    const live = `pk_live_${Buffer.from('clerk.example.com$').toString('base64')}`
    expect(problemsOf({ ...base, ...parties })).toEqual([])
    expect(problemsOf({ publishableKey: live, ...parties })).toEqual(['authorizedParties'])
    vi.stubEnv('NODE_ENV', 'production')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(problemsOf({ ...base, ...parties })).toEqual(['authorizedParties'])
    expect(problemsOf({ ...base, authorizedParties: ['http://localhost:3000'] })).toEqual([])
  })

  it('must come from somewhere when the environment names none', () => {
    expect(problemsOf({ ...fromEnv({ CLERK_PUBLISHABLE_KEY: PUBLISHABLE }) })).toEqual(['authorizedParties'])
  })
})

describe('everything else', () => {
  const users = { findByClerkId() {}, apply() {}, remove() {} }
  it.each<[object, string[]]>([
    [{ clockToleranceSeconds: -1 }, ['clockToleranceSeconds']],
    [{ clockToleranceSeconds: 301 }, ['clockToleranceSeconds']],
    [{ clockToleranceSeconds: Number.POSITIVE_INFINITY }, ['clockToleranceSeconds']],
    [{ clockToleranceSeconds: Number.NaN }, ['clockToleranceSeconds']],
    [{ clockToleranceSeconds: '5' }, ['clockToleranceSeconds']],
    [{ clockToleranceSeconds: null }, ['clockToleranceSeconds']],
    [{ session: { graceSeconds: -1, remember: 'maybe' } }, ['session.graceSeconds', 'session.remember']],
    [{ session: { keepClaims: 'locale' } }, ['session.keepClaims']],
    [{ session: { keepClaims: ['locale', ''] } }, ['session.keepClaims']],
    [{ cache: { tokens: 1.5 } }, ['cache.tokens']],
    [{ webhook: { maxBodyBytes: 0 } }, ['webhook.maxBodyBytes']],
    [{ invalidation: { pollSeconds: -1 } }, ['invalidation.pollSeconds']],
    [{ store: { timeoutSeconds: 0 } }, ['store.timeoutSeconds']],
    [{ store: { timeoutSeconds: 61 } }, ['store.timeoutSeconds']],
    [{ api: { concurrency: 0, share: 1.5 } }, ['api.share', 'api.concurrency']],
    [{ api: { requestsPer10Seconds: 2.5 } }, ['api.requestsPer10Seconds']],
    [{ invalidation: { publish() {} } }, ['invalidation']],
    [{ audience: [] }, ['audience']],
    [{ audience: '' }, ['audience']],
    [{ allowMissingAzp: 'false' }, ['allowMissingAzp']],
    [{ allowPending: 1 }, ['allowPending']],
    [{ accept: { apiKeys: true } }, ['accept.apiKeys']],
    [{ accept: { oauth: true } }, ['accept.oauth']],
    [{ accept: { m2m: true }, secretKey: 'sk_test_a' }, ['accept.m2m']],
    [{ accept: { m2m: 'yes' } }, ['accept.m2m']],
    [{ accept: { apiKeyHeader: true }, secretKey: 'sk_test_a' }, ['accept.apiKeyHeader']],
    [{ accept: { m2m: 'jwt' } }, ['accept.m2m']],
    [{ accept: { m2m: 'opaque' }, machineId: 'mch_1' }, ['accept.m2m']],
    [{ accept: { m2m: 'jwt' }, machineId: 'machine' }, ['machineId', 'accept.m2m']],
    [{ accept: { oauth: { form: 'both' } } }, ['accept.oauth.form']],
    [{ accept: { oauth: { form: 'jwt', resource: undefined } } }, ['accept.oauth.resource']],
    [{ accept: { oauth: { form: 'jwt', resource: 'http://example.com' } } }, ['accept.oauth.resource']],
    [{ accept: { oauth: { form: 'jwt', resource: 'https://a.example/#x' } } }, ['accept.oauth.resource']],
    [{ accept: { oauth: { form: 'jwt', resource: 'https://a.example/"x' } } }, ['accept.oauth.resource']],
    [
      { accept: { oauth: { form: 'opaque', resource: 'https://a.example/' } }, secretKey: 'sk_test_a' },
      ['accept.oauth.resource'],
    ],
    [{ machineOrigins: 'https://a.example' as never }, ['machineOrigins']],
    [{ accept: { oauth: { form: 'jwt', scopes: [] } } }, ['accept.oauth.scopes']],
    [{ accept: { oauth: { form: 'jwt', scopes: ['a b'] } } }, ['accept.oauth.scopes']],
    [{ accept: { oauth: { form: 'jwt', resources: 'x' } } }, ['accept.oauth.resources']],
    [{ accept: { oauth: null } }, ['accept.oauth']],
    [{ accept: { oauth: ['jwt'] } }, ['accept.oauth']],
    [{ accept: { maxAgeSeconds: 0 } }, ['accept.maxAgeSeconds']],
    [{ accept: { maxAgeSeconds: '60' } }, ['accept.maxAgeSeconds']],
    [{ provisioning: 'magic' }, ['provisioning']],
    [{ linking: true }, ['linking']],
    [{ linking: [] }, ['linking']],
    [{ linking: ['off'] }, ['linking']],
    [{ linking: ['external-id', 'external-id'] }, ['linking']],
    [{ linking: ['external-id', 'username'] }, ['linking']],
    [{ linking: 'external-id', provisioning: 'claims' }, ['linking']],
    [{ linking: ['verified-email', 'external-id'], provisioning: 'claims' }, ['linking']],
    [{ linking: 'verified-email', provisioning: 'claims' }, ['linking']],
    [{ users }, ['provisioning']],
    [{ users, secretKey: 'sk_test_a', linking: 'verified-email' }, ['linking']],
    [{ users, secretKey: 'sk_test_a', linking: ['external-id'] }, ['linking']],
    [{ users: {}, provisioning: 'off' }, ['users']],
    [{ inbox: { claim() {} } }, ['inbox']],
    [{ organizations: 7 }, ['organizations']],
    [{ canLink: true }, ['canLink']],
    [{ now: 0 }, ['now']],
    [{ webhookSecrets: 'whsec_x' }, ['webhookSecrets']],
    [{ webhookSecrets: ['whsec_c2hvcnQ='] }, ['webhookSecrets']],
    [{ webhookSecrets: ['sk_test_abc'] }, ['webhookSecrets']],
  ])('%j is a problem', (options, problems) => {
    expect(problemsOf({ ...base, ...options })).toEqual(problems)
  })

  it('is taken as given where it makes sense', () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    const invalidation = { publish: async () => {}, subscribe: async () => async () => {} }
    expect(
      given({
        secretKey: 'sk_test_a',
        machineSecretKey: 'ak_m',
        accept: { apiKeys: true, m2m: true, oauth: true },
        users,
        provisioning: 'claims',
        audience: 'api',
        webhookSecrets: [secret, 'whsec_...'],
        cache: { tokens: 0 },
        clockToleranceSeconds: 0,
        invalidation,
      }),
    ).toMatchObject({
      accept: { apiKeys: true, m2m: { opaque: true, jwt: false }, oauth: { opaque: true, jwt: true } },
      provisioning: 'claims',
      audience: ['api'],
      webhookSecrets: [secret],
      cache: { tokens: 0, users: 10_000 },
      clockToleranceSeconds: 0,
      invalidation,
    })
  })

  it('is complained about all at once, each with its remedy and without secrets', () => {
    const options = {
      secretKey: 'top-secret',
      jwtKey: 'x',
      clockToleranceSeconds: 999,
      linking: 'x',
      webhookSecrets: ['y'],
    }
    expect(problemsOf(options).sort()).toEqual([
      'authorizedParties',
      'clockToleranceSeconds',
      'issuer',
      'jwtKey',
      'linking',
      'secretKey',
      'webhookSecrets',
    ])
    expect(() => resolve(options)).toThrow(expect.not.stringContaining('top-secret'))
  })
})
