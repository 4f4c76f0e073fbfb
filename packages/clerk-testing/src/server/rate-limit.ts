import { BackendError } from './errors.js'
import type { LimitClass } from './route.js'

/** Requests per window. Clerk's own: https://clerk.com/docs/guides/how-clerk-works/system-limits */
export interface RateLimits {
  /** Per secret key and 10 s. Default 100, a development instance's. */
  standard?: number
  /** Updates of one user per 10 s. Default 10. */
  userWrites?: number
  /** Invitations per hour. Default 100. */
  invitations?: number
  /** Sign-ins and sign-ups that pages begin or attempt, per 10 s. Default 5. */
  attempts?: number
}

const windowsMs: Record<Exclude<LimitClass, 'none'>, number> = {
  standard: 10_000,
  'user-write': 10_000,
  invitation: 3_600_000,
  attempt: 10_000,
}

/** Fixed windows on the server's clock. */
export function createRateLimiter(limits: RateLimits, now: () => number) {
  const allowed: Record<Exclude<LimitClass, 'none'>, number> = {
    standard: limits.standard ?? 100,
    'user-write': limits.userWrites ?? 10,
    invitation: limits.invitations ?? 100,
    attempt: limits.attempts ?? 5,
  }
  const windows = new Map<string, { ends: number; used: number }>()

  const count = (limit: Exclude<LimitClass, 'none'>, subject: string) => {
    const key = `${limit} ${subject}`
    let window = windows.get(key)
    if (!window || now() >= window.ends) window = { ends: now() + windowsMs[limit], used: 0 }
    windows.set(key, window)
    window.used += 1
    if (window.used <= allowed[limit]) return
    throw new BackendError(429, 'rate_limit_exceeded', 'Too many requests', {
      longMessage: 'Too many requests. Please try again later.',
      retryAfterSeconds: Math.max(1, Math.ceil((window.ends - now()) / 1000)),
    })
  }

  return {
    /** @throws {BackendError} 429 */
    check(limit: LimitClass, subject: string): void {
      if (limit === 'none') return
      // A page has no secret key.
      if (limit !== 'attempt') count('standard', '')
      if (limit !== 'standard') count(limit, subject)
    },
    clear: () => windows.clear(),
  }
}
