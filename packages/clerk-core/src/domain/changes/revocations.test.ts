import { describe, expect, it } from 'vitest'
import { revocationLifetimeSeconds } from '../session/revocation-lifetime.js'
import { createRevocations } from './revocations.js'

describe('revocations', () => {
  it('refuse a session or a whole user, and no other', () => {
    const revocations = createRevocations(() => 0, 100)
    revocations.revoke('sess_1', 0)
    revocations.revoke('user_2', 0)
    expect(revocations.isRevoked('user_1', 'sess_1')).toBe(true)
    expect(revocations.isRevoked('user_2', 'sess_9')).toBe(true)
    expect(revocations.isRevoked('user_1', 'sess_2')).toBe(false)
  })

  it('last exactly as long as anything they concern could come back', () => {
    let now = 0
    const keep = revocationLifetimeSeconds({ revalidateAfterSeconds: 300, graceSeconds: 60 })
    expect(keep).toBe(86_400 + 360)
    const revocations = createRevocations(() => now, keep)
    revocations.revoke('sess_1', 5000)
    now = 5000 + keep * 1000 - 1
    expect(revocations.isRevoked('u', 'sess_1')).toBe(true)
    now++
    expect(revocations.isRevoked('u', 'sess_1')).toBe(false)
  })

  it('are not shortened by an older notice of the same session', () => {
    let now = 0
    const revocations = createRevocations(() => now, 10)
    revocations.revoke('s', 50_000)
    revocations.revoke('s', 1000)
    now = 59_999
    expect(revocations.isRevoked('u', 's')).toBe(true)
  })

  it('are swept when they have run out, and never pushed out by newer ones', () => {
    let now = 0
    const revocations = createRevocations(() => now, 10)
    for (let i = 0; i < 100_000; i++) {
      now = i
      revocations.revoke(`sess_${i}`, i)
    }
    for (let i = 100_000 - 10_000 + 1; i < 100_000; i++)
      expect(revocations.isRevoked('u', `sess_${i}`)).toBe(true)
    expect(revocations.isRevoked('u', 'sess_5')).toBe(false)
  })
})
