import { LRUCache } from 'lru-cache'
import { ClerkApiError, StoreUnavailableError } from '../../ground/errors.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'
import type { OrganizationDirectory } from '../organizations/directory.js'
import type { ClerkAnswer } from './decide.js'
import { agedFva } from './make-record.js'
import type { SessionOrganization, SessionRecord } from './record.js'

/**
 * How long an answer stands. A client that keeps an old session cookie, or invents a `__client_uat`, makes every one of
 * its requests look stale: without a bound it would use up the limit that all the application's requests share at Clerk.
 */
const STANDS_MS: Record<SessionStatus['kind'], number> = { active: 1000, ended: 1000, unreachable: 10_000 }

/** What Clerk says of a session. Whatever does not answer the question is `unreachable`. */
export type SessionStatus =
  | { readonly kind: 'active'; readonly orgId: string | null; readonly askedAt: number }
  | { readonly kind: 'ended' }
  | { readonly kind: 'unreachable' }

export interface SessionStatusClient {
  /** Whether the session is still active at Clerk, and this user's. Never rejects for an outage. */
  standing(userId: string, sessionId: string): Promise<SessionStatus>
  /** The same about a record, which an active session refreshes. */
  ask(record: SessionRecord): Promise<ClerkAnswer>
}

/** Asks Clerk about sessions whose window has ended: one question per session at a time. */
export function createSessionStatusClient(parts: {
  api: Pick<ClerkApi, 'getSession'>
  organizations: Pick<OrganizationDirectory, 'membership' | 'organizations'> | null
  allowPending: boolean
  now: () => number
}): SessionStatusClient {
  const { api, organizations, allowPending, now } = parts
  const flights = new Map<string, Promise<SessionStatus>>()
  const answers = new LRUCache<string, { readonly at: number; readonly standing: SessionStatus }>({
    max: 10_000,
  })

  return { standing, ask }

  function standing(userId: string, sessionId: string): Promise<SessionStatus> {
    // The key names the user too: a record that claims another user's session must not share its answer.
    const key = `${sessionId} ${userId}`
    const last = answers.get(key)
    if (last !== undefined && Math.abs(now() - last.at) < STANDS_MS[last.standing.kind]) {
      return Promise.resolve(last.standing)
    }
    let flight = flights.get(key)
    if (flight === undefined) {
      flight = question(userId, sessionId)
        .then((standing) => {
          answers.set(key, { at: now(), standing })
          return standing
        })
        .finally(() => flights.delete(key))
      flights.set(key, flight)
    }
    return flight
  }

  async function question(userId: string, sessionId: string): Promise<SessionStatus> {
    const askedAt = Math.floor(now() / 1000)
    try {
      const session = await api.getSession(sessionId)
      const live = session.status === 'active' || (allowPending && session.status === 'pending')
      return session.userId === userId && live
        ? { kind: 'active', orgId: session.lastActiveOrganizationId, askedAt }
        : { kind: 'ended' }
    } catch (error) {
      if (!(error instanceof ClerkApiError)) throw error
      if (error.status === 404) return { kind: 'ended' }
      return { kind: 'unreachable' }
    }
  }

  async function ask(record: SessionRecord): Promise<ClerkAnswer> {
    const answer = await standing(record.sub, record.sid)
    if (answer.kind !== 'active') return answer
    try {
      return { kind: 'active', record: await confirmed(record, answer.orgId, answer.askedAt) }
    } catch (error) {
      if (error instanceof StoreUnavailableError) return { kind: 'unreachable' }
      throw error
    }
  }

  /** Clerk's answer says nothing of roles: the organisation is the store's, or dropped. */
  async function confirmed(
    record: SessionRecord,
    orgId: string | null,
    askedAt: number,
  ): Promise<SessionRecord> {
    const org = orgId === null ? null : await organizationFromStore(record, orgId)
    const sameOrganization = (org?.id ?? null) === (record.org?.id ?? null)
    return {
      ...record,
      checkedAt: askedAt,
      asOf: Math.max(record.asOf, askedAt),
      fva: agedFva(record, Math.max(record.asOf, askedAt)),
      org,
      pla: sameOrganization ? record.pla : personalOnly(record.pla),
      fea: sameOrganization ? record.fea : personalOnly(record.fea),
    }
  }

  async function organizationFromStore(
    record: SessionRecord,
    orgId: string,
  ): Promise<SessionOrganization | null> {
    const membership = await organizations?.membership(orgId, record.sub)
    if (!membership || membership.deletedAt !== null || membership.role === null) return null
    const slug =
      record.org?.id === orgId
        ? record.org.slug
        : ((await organizations?.organizations.get(orgId))?.slug ?? null)
    return {
      id: orgId,
      role: membership.role,
      slug,
      per: null,
      fpm: null,
      permissions: membership.permissions,
    }
  }
}

/** Features and plans of an organisation do not follow a user into another one. */
export function personalOnly(list: string | null): string | null {
  if (list === null) return null
  const personal = list.split(',').flatMap((entry) => {
    const colon = entry.indexOf(':')
    return colon > 0 && entry.slice(0, colon).includes('u') ? [`u${entry.slice(colon)}`] : []
  })
  return personal.length === 0 ? null : personal.join(',')
}
