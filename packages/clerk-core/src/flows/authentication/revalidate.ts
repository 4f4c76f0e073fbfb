import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import { isNewer } from '../../domain/organizations/request-organization.js'
import type { Revalidation } from '../../domain/session/decision.js'
import { confirmedRecord } from '../../domain/session/make-record.js'
import type { SessionOrganization, SessionRecord } from '../../domain/session/record.js'
import type { SessionStatusClient } from '../../domain/session/session-status-client.js'
import { StoreUnavailableError } from '../../ground/errors.js'

/**
 * Asks Clerk whether the session of a record is still active. Its answer says nothing of roles: the organisation is the
 * store's, or dropped. Never rejects for an outage.
 *
 * `organization`: the one that the session is active in now, or the one that the record names (a connection stays in the
 * organisation that it was opened for).
 */
export function createRevalidate(parts: {
  readonly sessionStatus: SessionStatusClient
  readonly organizations: Pick<OrganizationDirectory, 'membership' | 'heldSince' | 'organizations'> | null
}): (record: SessionRecord, organization?: 'of the session' | 'of the record') => Promise<Revalidation> {
  const { sessionStatus, organizations } = parts

  return async (record, which = 'of the session') => {
    const status = await sessionStatus.statusOf(record.sub, record.sid)
    if (status.kind === 'unreachable') return status
    if (status.kind === 'ended') {
      const { pending } = status
      if (pending === null) return { kind: 'ended' }
      const { askedAt } = pending
      return {
        kind: 'pending',
        record: confirmedRecord(record, { askedAt, sts: 'pending', org: record.org }),
      }
    }
    const { askedAt, sts } = status
    const orgId = which === 'of the session' ? status.orgId : (record.org?.id ?? null)
    try {
      const org = orgId === null ? null : await organizationOf(record, orgId)
      return { kind: 'active', record: confirmedRecord(record, { askedAt, sts, org }) }
    } catch (error) {
      if (error instanceof StoreUnavailableError) return { kind: 'unreachable' }
      throw error
    }
  }

  async function organizationOf(record: SessionRecord, orgId: string): Promise<SessionOrganization | null> {
    const membership = await organizations?.membership(orgId, record.sub)
    if (!membership || membership.deletedAt !== null || membership.role === null) return null
    const own = record.org?.id === orgId ? record.org : null
    const heldSince = organizations?.heldSince(orgId, record.sub, membership) ?? null
    const tokenKnows = own !== null && own.fromStore !== true && Number(heldSince) < record.tokenAt * 1000
    if (heldSince !== null && !tokenKnows) return null
    // The token said it after the store heard of it: what the store has is older than what is known.
    if (own !== null && own.fromStore !== true && !isNewer(membership, own, record.tokenAt)) return own
    const slug = own === null ? ((await organizations?.organizations.get(orgId))?.slug ?? null) : own.slug
    const { role, permissions } = membership
    return { id: orgId, role, slug, per: null, fpm: null, permissions, fromStore: true }
  }
}
