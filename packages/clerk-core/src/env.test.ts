import { describe, expect, it } from 'vitest'
import { createSigner } from '../testing/signer.js'
import { fromEnv, REPLACED } from './env.js'
import { ConfigurationError } from './ground/errors.js'
import { notesOf } from './ground/options/env-notes.js'

const { pem } = createSigner()
const PUBLISHABLE = `pk_test_${Buffer.from('clerk.example.com$').toString('base64')}`
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

/** The options alone, without what `createClerk` is told beside them. */
const read = (env: Record<string, string>) => Object.fromEntries(Object.entries(fromEnv(env)))
const notes = (env: Record<string, string>) => notesOf(fromEnv(env))

function problemsOf(env: Record<string, string>): string[] {
  try {
    fromEnv(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ option }) => option)
  }
}

describe('fromEnv', () => {
  it('is nothing but an empty list in an empty environment', () => {
    expect(read({})).toEqual({ authorizedParties: [] })
  })

  it('reads every variable', () => {
    expect(
      read({
        CLERK_SECRET_KEY: ' sk_test_abc ',
        CLERK_PUBLISHABLE_KEY: PUBLISHABLE,
        CLERK_JWT_KEY: pem.replaceAll('\n', '\\n'),
        CLERK_JWKS_URL: 'https://clerk.example.com/.well-known/jwks.json',
        CLERK_ISSUER: 'https://clerk.example.com',
        CLERK_API_URL: 'https://api.clerk.com',
        CLERK_PROXY_URL: 'https://app.example.com/__clerk',
        CLERK_SIGN_IN_URL: 'https://app.example.com/sign-in',
        CLERK_SIGN_UP_URL: '/join',
        CLERK_MACHINE_SECRET_KEY: 'ak_machine',
        CLERK_AUTHORIZED_PARTIES: 'https://app.example.com, https://admin.example.com,',
        CLERK_AUDIENCE: 'api',
        CLERK_WEBHOOK_SIGNING_SECRET: `${SECRET},${SECRET}`,
        CLERK_SESSION_REVALIDATION_SECONDS: '120',
        CLERK_CACHE_TIMEOUT: '60',
        CLERK_ORG_CACHE_TIMEOUT: '90',
      }),
    ).toEqual({
      secretKey: 'sk_test_abc',
      publishableKey: PUBLISHABLE,
      jwtKey: pem.replaceAll('\n', '\\n'),
      jwksUrl: 'https://clerk.example.com/.well-known/jwks.json',
      issuer: 'https://clerk.example.com',
      apiUrl: 'https://api.clerk.com',
      proxyUrl: 'https://app.example.com/__clerk',
      signInUrl: 'https://app.example.com/sign-in',
      signUpUrl: '/join',
      machineSecretKey: 'ak_machine',
      authorizedParties: ['https://app.example.com', 'https://admin.example.com'],
      audience: ['api'],
      webhookSecrets: [SECRET, SECRET],
      session: { revalidateAfterSeconds: 120 },
      cache: { userTtlSeconds: 60, organizationTtlSeconds: 90 },
    })
  })

  it.each([
    ['CLERK_AUTH_PARTIES', 'https://app.example.com', { authorizedParties: ['https://app.example.com'] }],
    ['CLERK_FRONTEND_HOSTS', 'https://app.example.com', { authorizedParties: ['https://app.example.com'] }],
    ['CLERK_WEBHOOK_SECRET', SECRET, { authorizedParties: [], webhookSecrets: [SECRET] }],
    ['CLERK_WEBHOOK_SIGNING_KEY', SECRET, { authorizedParties: [], webhookSecrets: [SECRET] }],
  ])('knows the older name %s', (name, value, expected) => {
    expect(read({ [name]: value })).toEqual(expected)
  })

  it('takes patterns among the authorised parties, and says which is none', () => {
    const parties = 'https://app.example.com, https://*.preview.example.com'
    expect(fromEnv({ CLERK_AUTHORIZED_PARTIES: parties }).authorizedParties).toEqual(parties.split(', '))
    expect(() => fromEnv({ CLERK_AUTHORIZED_PARTIES: 'https://*.vercel.app' })).toThrow(/strangers/)
  })

  it('prefers the current name, unless it holds a placeholder', () => {
    const old = { CLERK_AUTH_PARTIES: 'https://old.example.com' }
    expect(
      fromEnv({ ...old, CLERK_AUTHORIZED_PARTIES: 'https://new.example.com' }).authorizedParties,
    ).toEqual(['https://new.example.com'])
    expect(fromEnv({ ...old, CLERK_AUTHORIZED_PARTIES: ' ' }).authorizedParties).toEqual([
      'https://old.example.com',
    ])
  })

  it.each([
    '',
    '  ',
    'sk_test_...',
    'sk_test_…',
    'sk_live_replace_me',
    'sk_test_',
    'sk_test_xxxxxxxx',
    '<your secret key>',
    'your_secret_key',
    'CHANGE-ME',
    'replace_me_with_your_key',
    'pk_test_your-publishable-key-here',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what a template that was not filled in leaves behind
    '${CLERK_SECRET_KEY}',
    '{{ secret }}',
  ])('takes the placeholder %j for missing', (value) => {
    expect(read({ CLERK_SECRET_KEY: value })).toEqual({ authorizedParties: [] })
    expect(notes({ CLERK_SECRET_KEY: value })?.placeholders).toEqual(
      value.trim() === '' ? [] : ['CLERK_SECRET_KEY'],
    )
  })

  it('names every malformed variable in one error, under the name that was used', () => {
    const env = {
      CLERK_SECRET_KEY: 'pk_test_abc',
      CLERK_PUBLISHABLE_KEY: 'pk_test_abc',
      CLERK_JWT_KEY: 'nonsense',
      CLERK_JWKS_URL: 'http://clerk.example.com/jwks',
      CLERK_ISSUER: 'clerk.example.com',
      CLERK_API_URL: 'ftp://api.clerk.com',
      CLERK_PROXY_URL: '/__clerk',
      CLERK_MACHINE_SECRET_KEY: 'sk_test_abc',
      CLERK_FRONTEND_HOSTS: 'app.example.com',
      CLERK_WEBHOOK_SECRET: 'secret',
      CLERK_SIGN_IN_URL: '//evil.example',
      CLERK_SIGN_UP_URL: 'javascript:alert(1)',
      CLERK_SESSION_REVALIDATION_SECONDS: '5m',
      CLERK_CACHE_TIMEOUT: '-1',
      CLERK_ORG_CACHE_TIMEOUT: '1.5',
    }
    expect(problemsOf(env)).toEqual(Object.keys(env))
  })

  it('never repeats a secret', () => {
    for (const name of [
      'CLERK_SECRET_KEY',
      'CLERK_WEBHOOK_SIGNING_SECRET',
      'CLERK_MACHINE_SECRET_KEY',
      'CLERK_JWT_KEY',
    ]) {
      expect(() => fromEnv({ [name]: 'top-secret value' })).toThrow(expect.not.stringContaining('top-secret'))
    }
  })

  it("refuses 'any': opting out is done in code", () => {
    expect(() => fromEnv({ CLERK_AUTHORIZED_PARTIES: 'any' })).toThrow(/authorizedParties: 'any'/)
  })

  it('reads the environment of the process by default', () => {
    expect(fromEnv().authorizedParties).toBeInstanceOf(Array)
  })

  it.each([
    'https://book-your-trip.com',
    'https://your-trip.com',
    'https://replace-me.example.com',
    'https://placeholder.example.com',
    'https://change-me.org:8443',
  ])('takes %s for the domain it is', (origin) => {
    expect(read({ CLERK_AUTHORIZED_PARTIES: origin })).toEqual({ authorizedParties: [origin] })
    expect(notes({ CLERK_AUTHORIZED_PARTIES: origin })?.placeholders).toEqual([])
  })

  it('drops a placeholder from a list alone, and names it', () => {
    const env = {
      CLERK_AUTHORIZED_PARTIES: 'https://app.example.com,<your domain>,,your_other_domain',
      CLERK_WEBHOOK_SIGNING_SECRET: `${SECRET},whsec_...`,
    }
    expect(read(env)).toEqual({ authorizedParties: ['https://app.example.com'], webhookSecrets: [SECRET] })
    expect(notes(env)?.placeholders).toEqual([
      '"<your domain>" in CLERK_AUTHORIZED_PARTIES',
      '"your_other_domain" in CLERK_AUTHORIZED_PARTIES',
      '"whsec_..." in CLERK_WEBHOOK_SIGNING_SECRET',
    ])
  })

  it.each([
    ['CLERK_JWT_KEY', `"${pem.replaceAll('\n', '\\n')}"`],
    // Docker reads a file line by line: of a PEM over several lines it takes the first.
    ['CLERK_JWT_KEY', '"-----BEGIN PUBLIC KEY-----'],
    ['CLERK_SECRET_KEY', "'sk_test_abc'"],
    ['CLERK_AUTHORIZED_PARTIES', '"https://app.example.com,https://admin.example.com"'],
    ['CLERK_AUTHORIZED_PARTIES', '"https://app.example.com","https://admin.example.com"'],
    ['CLERK_AUDIENCE', '"api"'],
    ['CLERK_CACHE_TIMEOUT', '"60"'],
  ])('says of %s=%j that quotes are no part of a value', (name, value) => {
    expect(() => fromEnv({ [name]: value })).toThrow(
      new RegExp(`${name}: is in quotes, which Docker's .--env-file. keeps. Write the value without quotes`),
    )
  })

  it('says of the first line of a PEM that the others are missing', () => {
    expect(() => fromEnv({ CLERK_JWT_KEY: '-----BEGIN PUBLIC KEY-----' })).toThrow(/first line.*alone/)
  })

  it('says what stands in the place of each variable of the Django packages', () => {
    expect(notes({ CLERK_WEBHOOK_DEDUP_TIMEOUT: '45' })?.unread).toEqual([
      expect.stringMatching(/^CLERK_WEBHOOK_DEDUP_TIMEOUT has no effect: .* The inbox does that/),
    ])
    for (const name of Object.keys(REPLACED))
      expect(notes({ [name]: '1' })?.unread).toEqual([expect.stringContaining(`${name} has no effect`)])
  })

  it('asks about a name that is nearly one of its own, and about no other', () => {
    expect(notes({ CLERK_AUTHORISED_PARTIES: 'https://app.example.com' })?.unread).toEqual([
      'CLERK_AUTHORISED_PARTIES is not read. Was CLERK_AUTHORIZED_PARTIES meant?',
    ])
    const others = {
      CLERK_JS_URL: 'x',
      CLERK_API_VERSION: 'v1',
      CLERK_TELEMETRY_DISABLED: '1',
      CLERK_SECRETKEY: '',
    }
    expect(notes({ ...others, constructor: 'x', ADMIN_PASSWORD: 'x' })?.unread).toEqual([])
  })
})
