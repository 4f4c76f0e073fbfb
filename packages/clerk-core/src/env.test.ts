import { describe, expect, it } from 'vitest'
import { createSigner } from '../testing/signer.js'
import { fromEnv } from './env.js'
import { ConfigurationError } from './ground/errors.js'

const { pem } = createSigner()
const PUBLISHABLE = `pk_test_${Buffer.from('clerk.example.com$').toString('base64')}`
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

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
    expect(fromEnv({})).toEqual({ authorizedParties: [] })
  })

  it('reads every variable', () => {
    expect(
      fromEnv({
        CLERK_SECRET_KEY: ' sk_test_abc ',
        CLERK_PUBLISHABLE_KEY: PUBLISHABLE,
        CLERK_JWT_KEY: pem.replaceAll('\n', '\\n'),
        CLERK_JWKS_URL: 'https://clerk.example.com/.well-known/jwks.json',
        CLERK_ISSUER: 'https://clerk.example.com',
        CLERK_API_URL: 'https://api.clerk.com',
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
    expect(fromEnv({ [name]: value })).toEqual(expected)
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
  ])('takes the placeholder %j for missing', (value) => {
    expect(fromEnv({ CLERK_SECRET_KEY: value })).toEqual({ authorizedParties: [] })
  })

  it('names every malformed variable in one error, under the name that was used', () => {
    const env = {
      CLERK_SECRET_KEY: 'pk_test_abc',
      CLERK_PUBLISHABLE_KEY: 'pk_test_abc',
      CLERK_JWT_KEY: 'nonsense',
      CLERK_JWKS_URL: 'http://clerk.example.com/jwks',
      CLERK_ISSUER: 'clerk.example.com',
      CLERK_API_URL: 'ftp://api.clerk.com',
      CLERK_MACHINE_SECRET_KEY: 'sk_test_abc',
      CLERK_FRONTEND_HOSTS: 'app.example.com',
      CLERK_WEBHOOK_SECRET: 'secret',
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
})
