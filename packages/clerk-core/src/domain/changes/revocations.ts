/** Sessions and users that Clerk, or a sign-out, has ended. Kept in memory, refilled from the inbox at start. */
export interface Revocations {
  isRevoked(sub: string, sid: string): boolean
  /** @param atMs when the event was applied; forgotten `keepMs` later. Any Clerk id: a user's or a session's. */
  revoke(id: string, atMs: number): void
}

/** The longest a Clerk token may live (DESIGN: `exp − iat` ≤ 24 h): nothing older than this can come back. */
export const LONGEST_TOKEN_SECONDS = 24 * 60 * 60

/**
 * How long a revocation has to be remembered: until every token it concerns has expired and every session that remembers
 * one has gone through its window and its grace.
 */
export function revocationLifetimeSeconds(session: {
  revalidateAfterSeconds: number
  graceSeconds: number
}): number {
  return LONGEST_TOKEN_SECONDS + session.revalidateAfterSeconds + session.graceSeconds
}

/**
 * Not an LRU: an attacker who can sign in and out must not be able to push somebody else's revocation out. The set is
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
