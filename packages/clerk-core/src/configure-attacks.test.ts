import { once } from 'node:events'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ConfigurationError, createClerk, PAGE, startOffline } from '../testing/authority-harness.js'

function inProduction() {
  vi.stubEnv('NODE_ENV', 'production')
  onTestFinished(() => void vi.unstubAllEnvs())
}

describe('keys of the offline Clerk', () => {
  test('are refused in production, where anybody could sign a token with them', async () => {
    const offline = await startOffline()
    const keys = { publishableKey: offline.publishableKey, secretKey: offline.secretKey, apiUrl: offline.url }
    const start = () => createClerk({ ...keys, authorizedParties: [PAGE] })
    expect(start).not.toThrow()
    vi.stubEnv('NODE_ENV', 'production')
    try {
      expect(start).toThrow(ConfigurationError)
    } finally {
      vi.unstubAllEnvs()
    }
  })
})

describe('where the keys of an offline Clerk hide', () => {
  test.each<[string, (offline: Awaited<ReturnType<typeof startOffline>>) => object]>([
    ['the publishable key', ({ publishableKey }) => ({ publishableKey })],
    ['the issuer beside its PEM', ({ url, tokens }) => ({ jwtKey: tokens.pem, issuer: url })],
    ['the address of its key set', ({ url }) => ({ jwksUrl: `${url}/.well-known/jwks.json` })],
    [
      'the address of its Backend API',
      ({ url, secretKey }) => ({ secretKey, apiUrl: url, issuer: 'https://clerk.example.com' }),
    ],
  ])('%s', async (_name, keys) => {
    const offline = await startOffline()
    inProduction()
    const options = { ...keys(offline), authorizedParties: [PAGE] }
    expect(() => createClerk(options)).toThrow(/allowOfflineClerk: true/)
    expect(() => createClerk({ ...options, allowOfflineClerk: true })).not.toThrow()
    expect(() => createClerk({ ...options, allowOfflineClerk: 'true' as unknown as boolean })).toThrow(
      ConfigurationError,
    )
  })
})

describe('keys of a development instance', () => {
  const options = { publishableKey: 'pk_test_Y2xlcmsuZXhhbXBsZS5jb20k', authorizedParties: [PAGE] }

  test('are a warning in production: staging has them too', async () => {
    inProduction()
    const told = once(process, 'warning')
    createClerk(options)
    expect(await told).toMatchObject([{ code: 'ACME_CLERK_TEST_KEYS' }])
  })

  test('and nothing elsewhere, nor are those of a production instance', async () => {
    const warnings: unknown[] = []
    const hear = (warning: unknown) => void warnings.push(warning)
    process.on('warning', hear)
    onTestFinished(() => void process.off('warning', hear))
    createClerk(options)
    inProduction()
    createClerk({ ...options, publishableKey: 'pk_live_Y2xlcmsuZXhhbXBsZS5jb20k' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  })
})
