import { mock } from 'node:test'
import { createTestIssuer } from '@acme/clerk-testing'
import { afterEach, expect, test, vi } from 'vitest'
import { createClerk } from './create-clerk.js'

const APP = 'https://app.example.com'
const HOUR = 3_600_000

/** Whatever replaces `Date` in a test, and when: before or after the objects were made. */
const TIMERS = {
  'vi.useFakeTimers, as Jest has it': {
    start: (now: number) => void vi.useFakeTimers({ now }),
    advance: (ms: number) => void vi.setSystemTime(Date.now() + ms),
  },
  'mock.timers of node:test': {
    start: (now: number) => mock.timers.enable({ apis: ['Date'], now }),
    advance: (ms: number) => mock.timers.setTime(Date.now() + ms),
  },
}

afterEach(() => {
  vi.useRealTimers()
  mock.timers.reset()
})

test.each(Object.entries(TIMERS))(
  'a clerk and an issuer made before %s follow its time',
  async (_name, timers) => {
    const issuer = await createTestIssuer({ azp: APP })
    const clerk = createClerk({ jwtKey: issuer.pem, issuer: issuer.issuer, authorizedParties: [APP] })
    const now = Date.UTC(2035, 0, 1)
    timers.start(now)
    const token = await issuer.mint({ sub: 'user_1', sid: 'sess_1' })
    const authorization = `Bearer ${token}`
    expect(await clerk.authenticate({ authorization })).toMatchObject({
      kind: 'user',
      claims: { iat: now / 1000 },
    })
    timers.advance(HOUR)
    expect(await clerk.authenticate({ authorization })).toMatchObject({ reason: 'token-expired' })
    timers.advance(-HOUR)
    expect(await clerk.authenticate({ authorization })).toMatchObject({ kind: 'user' })
  },
)
