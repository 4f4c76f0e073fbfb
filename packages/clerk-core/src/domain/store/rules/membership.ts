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
