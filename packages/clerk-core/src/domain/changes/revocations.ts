/** Sessions and users that Clerk, or a sign-out, has ended. In memory, refilled from the inbox at start. */
export interface Revocations {
  isRevoked(sub: string, sid: string): boolean
  /** @param atMs when the event was applied; forgotten `keepSeconds` later. Any Clerk id: a user's or a session's. */
  revoke(id: string, atMs: number): void
}

/**
 * Not an LRU: an attacker who can sign in and out must not be able to push the revocation of another session out. The set is
 * bounded by what Clerk revokes within `keepSeconds`, and swept as it grows.
 */
export function createRevocations(now: () => number, keepSeconds: number): Revocations {
  const until = new Map<string, number>()
  let sweepAt = 1024

  return {
    isRevoked(sub, sid) {
      if (until.size === 0) return false
      return lasts(sid) || lasts(sub)
    },
    revoke(id, atMs) {
      const end = atMs + keepSeconds * 1000
      if (end > (until.get(id) ?? 0)) until.set(id, end)
      if (until.size >= sweepAt) {
        for (const [key, expiry] of until) if (expiry <= now()) until.delete(key)
        sweepAt = Math.max(1024, until.size * 2)
      }
    },
  }

  function lasts(id: string): boolean {
    const end = until.get(id)
    return end !== undefined && end > now()
  }
}
