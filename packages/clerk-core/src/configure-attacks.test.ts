import { describe, expect, test, vi } from 'vitest'
import { ConfigurationError, createClerk, PAGE, startOffline } from '../testing/authority-harness.js'

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
