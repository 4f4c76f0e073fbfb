import { LRUCache } from 'lru-cache'
import { ClerkApiError } from '../../ground/errors.js'
import { createSingleFlight } from '../../ground/timing/single-flight.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'
import type { SessionRecord } from './record.js'

/**
 * How long a status is cached. A client that keeps an old session cookie, or invents a `__client_uat`, makes every one of
 * its requests look stale: without a bound it would use up the limit that all the application's requests share at Clerk.
 */
const CACHED_MS: Record<SessionStatus['kind'], number> = { active: 1000, ended: 1000, unreachable: 10_000 }

const ENDED: SessionStatus = { kind: 'ended', pending: null }

/** What Clerk says of a session. Every response that does not say it is `unreachable`. `askedAt`: seconds. */
export type SessionStatus =
  | {
      readonly kind: 'active'
      readonly sts: SessionRecord['sts']
      readonly orgId: string | null
      readonly askedAt: number
    }
  /** `pending`: it has not ended at Clerk, but its tasks are open, and such sessions are not accepted here. */
  | { readonly kind: 'ended'; readonly pending: { readonly askedAt: number } | null }
  | { readonly kind: 'unreachable' }

export interface SessionStatusClient {
  /** Whether the session is still active at Clerk, and this user's. Never rejects for an outage. */
  statusOf(userId: string, sessionId: string): Promise<SessionStatus>
}

/** Asks Clerk about sessions whose window has ended: one request per session at a time. */
export function createSessionStatusClient(parts: {
  readonly api: Pick<ClerkApi, 'getSession'>
  readonly allowPending: boolean
  /** Milliseconds. */
  readonly now: () => number
}): SessionStatusClient {
  const { api, allowPending, now } = parts
  const flights = createSingleFlight<SessionStatus>()
  const cache = new LRUCache<string, { readonly at: number; readonly status: SessionStatus }>({ max: 10_000 })

  return {
    async statusOf(userId, sessionId) {
      // The key names the user too: a record that claims another user's session must not share its status.
      const key = `${sessionId} ${userId}`
      const cached = cache.get(key)
      if (cached !== undefined && Math.abs(now() - cached.at) < CACHED_MS[cached.status.kind]) {
        return cached.status
      }
      return flights.run(key, async () => {
        const status = await fetchStatus(userId, sessionId)
        cache.set(key, { at: now(), status })
        return status
      })
    },
  }

  async function fetchStatus(userId: string, sessionId: string): Promise<SessionStatus> {
    const askedAt = Math.floor(now() / 1000)
    try {
      const session = await api.getSession(sessionId)
      const { status: sts, lastActiveOrganizationId: orgId } = session
      if (session.userId !== userId || (sts !== 'active' && sts !== 'pending')) return ENDED
      if (sts === 'pending' && !allowPending) return { kind: 'ended', pending: { askedAt } }
      return { kind: 'active', sts, orgId, askedAt }
    } catch (error) {
      if (!(error instanceof ClerkApiError)) throw error
      return error.status === 404 ? ENDED : { kind: 'unreachable' }
    }
  }
}
