import { ClerkApiError } from '../../ground/errors.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'

const WARNED_EVERY_MS = 60_000

/** Ends a session at Clerk. Never rejects for what Clerk answers: the session has ended here before Clerk is asked. */
export type RevokeAtClerk = (sessionId: string) => Promise<void>

/**
 * After a sign-out. Where Clerk cannot be asked the user stays signed out of this application, because every process
 * refuses the session; other applications of the instance may go on with it. That is told, and not to the browser.
 */
export function createRevokeAtClerk(parts: {
  readonly api: Pick<ClerkApi, 'revokeSession'>
  readonly observer: Observer
  /** Milliseconds. */
  readonly now: () => number
}): RevokeAtClerk {
  const { api, observer, now } = parts
  let warnedAt: number | null = null

  return async (sessionId) => {
    try {
      await api.revokeSession(sessionId)
    } catch (error) {
      if (!(error instanceof ClerkApiError)) throw error
      // There is no such session any more.
      if (error.status === 404) return
      const message = error.status === 0 ? 'no usable answer' : `status ${error.status}`
      observer.emit('session.error', { operation: 'revoke', message })
      if (warnedAt !== null && Math.abs(now() - warnedAt) < WARNED_EVERY_MS) return
      warnedAt = now()
      observer.warn(
        'ACME_CLERK_REVOKE',
        `A session was signed out here, but could not be revoked at Clerk (${message}).`,
      )
    }
  }
}
