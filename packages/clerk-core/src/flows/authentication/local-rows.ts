import type { MembershipRecord, OrganizationRecord } from '../../domain/store/organization.js'
import type { UserRecord } from '../../domain/store/user.js'

/** What the stores know of a request's user and organisation. `undefined`: no such store is configured. */
export interface LocalRows {
  readonly ok: true
  readonly user: UserRecord | undefined
  readonly membership: MembershipRecord | null | undefined
  readonly organization: OrganizationRecord | null | undefined
  /** See {@link OrganizationDirectory.heldSince}. */
  readonly heldSince: number | null
  /** Whether the caches had all of them, so that nothing was read. */
  readonly cached: boolean
}
