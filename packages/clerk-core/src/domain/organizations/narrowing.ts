import { membershipSubject } from '../changes/holds.js'
import type { Narrowing } from '../changes/tell.js'
import type { MembershipRecord, MembershipSnapshot, RoleRecord, RoleSnapshot } from '../store/organization.js'

/** A deletion has no version: what is newer than it does not come back. @param at milliseconds */
export const endedOrganization = (orgId: string, at: number): Narrowing => ({
  subject: orgId,
  version: at + 1,
})

/**
 * The last version that the membership had is exceeded by that of every later one: who is invited again at once is not held
 * up by the end of what was before.
 *
 * @param lastVersion milliseconds
 */
export const endedMembership = (
  membership: { readonly orgId: string; readonly userId: string } | { readonly clerkId: string },
  lastVersion: number,
): Narrowing => ({
  subject:
    'orgId' in membership ? membershipSubject(membership.orgId, membership.userId) : membership.clerkId,
  version: lastVersion + 1,
})

/** What a snapshot takes from the member that the row still gives. `null`: nothing, or the row is as new. */
export function narrowedMembership(
  row: Pick<MembershipRecord, 'version' | 'role' | 'permissions'>,
  { orgId, userId, role, permissions = row.permissions, version }: MembershipSnapshot,
): Narrowing | null {
  const gives = row.role === role && lacksNoneOf(permissions, row.permissions)
  return row.version >= version || gives ? null : { subject: membershipSubject(orgId, userId), version }
}

/**
 * What a snapshot takes from those who have the role. Of a role that has no row the memberships' own permissions count,
 * which may be more than it gives now.
 */
export function narrowedRole(
  row: Pick<RoleRecord, 'version' | 'permissions'> | undefined,
  { key, permissions, version }: RoleSnapshot,
): Narrowing | null {
  const gives = row !== undefined && (row.version >= version || lacksNoneOf(permissions, row.permissions))
  return gives ? null : { subject: key, version }
}

const lacksNoneOf = (granted: readonly string[], needed: readonly string[]) =>
  needed.every((permission) => granted.includes(permission))
