import type { MembershipIdentity, MembershipReference } from '../organization.js'
import { earliestDeletion } from './tombstone.js'

/** What of a membership says which of several counts. */
export interface MembershipOrder {
  readonly clerkId: string
  readonly createdAt: Date
}

/** Oldest first. The ids decide between memberships of the same millisecond, so that the order is always the same. */
export function byCreation(one: MembershipOrder, other: MembershipOrder): number {
  const difference = one.createdAt.getTime() - other.createdAt.getTime()
  if (difference !== 0) return difference
  return one.clerkId < other.clerkId ? -1 : one.clerkId > other.clerkId ? 1 : 0
}

/**
 * The membership that counts of several of one user in one organisation: the newest, live or deleted. Leaving and
 * rejoining makes a new one, and a late event about the old one must not bring it back.
 */
export function newestMembership<M extends MembershipOrder>(memberships: readonly M[]): M | null {
  const [first, ...others] = memberships
  if (first === undefined) return null
  return others.reduce((newest, one) => (byCreation(newest, one) < 0 ? one : newest), first)
}

/** The deletion of an organisation is that of its memberships too: no event has to arrive for each. */
export function withOrganization<M extends { readonly deletedAt: Date | null }>(
  membership: M,
  organization: { readonly deletedAt: Date | null } | null,
): M {
  return { ...membership, deletedAt: earliestDeletion(membership.deletedAt, organization?.deletedAt ?? null) }
}

/**
 * Permissions that are written with a snapshot. One that carries none keeps those of the same role; another role begins
 * without any, since the old ones may be more than it gives.
 *
 * @param known the row; `null`: there is none
 * @returns `undefined`: the row keeps what it has, which is only true while its role is this one
 */
export function permissionsToWrite(
  { role, permissions }: { readonly role: string; readonly permissions?: readonly string[] },
  known: { readonly role?: unknown } | null,
): readonly string[] | undefined {
  return permissions ?? (known?.role === role ? undefined : [])
}

/** The identity of a membership that is deleted: texts that no id is, and the time of the deletion, where Clerk sent its id alone. */
export function identityOf(reference: MembershipReference, at: number): MembershipIdentity {
  return { orgId: '', userId: '', createdAt: at, ...reference }
}

/**
 * What a second deletion tells of a membership whose first one came with its id alone: the row has no ids yet, and would be
 * found by nobody. `null`: there is nothing to fill.
 */
export function identityToFill(
  row: { readonly orgId?: unknown },
  reference: MembershipReference,
): Omit<MembershipIdentity, 'clerkId'> | null {
  if (row.orgId !== '' || !('orgId' in reference)) return null
  const { orgId, userId, createdAt } = reference
  return { orgId, userId, createdAt }
}
