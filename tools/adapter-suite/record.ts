import { settingsOf } from '@acme/clerk-core/adapter'
import type { Harness, Person } from '@acme/clerk-testing/adapters'

/** A session record as core writes it, for tests that forge one. */
export function recordOf({ clerk }: Harness, { id, sessionId }: Person): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000)
  const nothing = { org: null, pla: null, fea: null, fva: null, act: null }
  return {
    v: 1,
    instance: settingsOf(clerk).issuer,
    sub: id,
    sid: sessionId,
    sts: 'active',
    checkedAt: now,
    asOf: now,
    ...nothing,
  }
}
