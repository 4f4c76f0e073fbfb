import type { ApplyOutcome, Metadata } from './user.js'

export interface OrganizationRecord {
  /** The store's own id. */
  readonly id: unknown
  readonly clerkId: string
  readonly name: string | null
  readonly slug: string | null
  readonly imageUrl: string | null
  readonly publicMetadata: Metadata | null
  /** Milliseconds; 0 for a row that only records a deletion. */
  readonly version: number
  readonly deletedAt: Date | null
}

export interface MembershipRecord {
  /** The store's own id. */
  readonly id: unknown
  /** `orgmem_…`. Leaving and rejoining makes a new one. */
  readonly clerkId: string
  /** Clerk's organisation id. */
  readonly orgId: string
  /** Clerk's user id. */
  readonly userId: string
  /** With the `org:` prefix; `null` only in a row that records a deletion. */
  readonly role: string | null
  readonly permissions: readonly string[]
  readonly publicMetadata: Metadata | null
  /** When the membership began: of several memberships of one user the newest counts. */
  readonly createdAt: Date
  readonly version: number
  readonly deletedAt: Date | null
}

export interface InvitationRecord {
  readonly id: unknown
  /** `orginv_…` */
  readonly clerkId: string
  readonly orgId: string
  readonly email: string | null
  readonly role: string | null
  readonly status: string
  readonly publicMetadata: Metadata | null
  readonly expiresAt: Date | null
  readonly version: number
}

/** As {@link UserSnapshot}: what is absent keeps its value, `null` clears. */
export interface OrganizationSnapshot {
  readonly clerkId: string
  readonly name: string
  readonly slug?: string | null
  readonly imageUrl?: string | null
  readonly publicMetadata?: Metadata
  readonly privateMetadata?: Metadata
  readonly membersCount?: number | null
  readonly createdAt?: number | null
  readonly updatedAt?: number | null
  readonly version: number
}

/** What identifies a membership; never changes during its life. `createdAt` in milliseconds. */
export interface MembershipIdentity {
  readonly clerkId: string
  readonly orgId: string
  readonly userId: string
  readonly createdAt: number
}

/**
 * Names a membership for its deletion: Clerk may send the id alone. The row of a deletion that came before its membership
 * then has empty ids, until an event that knows them fills it.
 */
export type MembershipReference = MembershipIdentity | Pick<MembershipIdentity, 'clerkId'>

/** As {@link UserSnapshot}: what is absent keeps its value, `null` clears. */
export interface MembershipSnapshot extends MembershipIdentity {
  readonly role: string
  /** Absent, they are kept while the role is the same: with another role the old ones would be more than it gives. */
  readonly permissions?: readonly string[]
  readonly publicMetadata?: Metadata
  readonly updatedAt?: number | null
  readonly version: number
}

/** As {@link UserSnapshot}: what is absent keeps its value, `null` clears. */
export interface InvitationSnapshot {
  readonly clerkId: string
  readonly orgId: string
  readonly email: string
  readonly role?: string | null
  readonly status: string
  readonly publicMetadata?: Metadata
  readonly createdAt?: number | null
  readonly updatedAt?: number | null
  readonly expiresAt?: number | null
  readonly version: number
}

/**
 * Where local organisations, memberships and invitations live. The rule of {@link UserStore} holds for each of them:
 * the highest version wins, a deletion never comes undone. Memberships and invitations have no foreign keys: an event
 * never waits for its parent. Ids are Clerk's.
 *
 * Every method throws {@link StoreUnavailableError} when the store cannot be reached.
 */
export interface OrganizationStore<
  O extends OrganizationRecord = OrganizationRecord,
  M extends MembershipRecord = MembershipRecord,
> {
  findOrganization(orgId: string): Promise<O | null>
  applyOrganization(snapshot: OrganizationSnapshot): Promise<{ organization: O; outcome: ApplyOutcome }>
  /** @param at milliseconds */
  removeOrganization(orgId: string, at: number): Promise<O>

  /**
   * The membership with the newest `createdAt`, live or deleted, else `null`. The organisation's deletion counts as the
   * membership's: `deletedAt` is the earlier of both.
   */
  findMembership(orgId: string, userId: string): Promise<M | null>
  applyMembership(snapshot: MembershipSnapshot): Promise<{ membership: M; outcome: ApplyOutcome }>
  /**
   * Finds the row by `clerkId` alone. An unknown membership gets a row of version 0 with what is known of its identity and
   * `deletedAt`. @param at milliseconds
   */
  removeMembership(membership: MembershipReference, at: number): Promise<M>
  /** Live memberships of live organisations, oldest first. */
  listMemberships(of: { userId: string } | { orgId: string }): Promise<M[]>

  applyInvitation(
    snapshot: InvitationSnapshot,
  ): Promise<{ invitation: InvitationRecord; outcome: ApplyOutcome }>
  findInvitation(invitationId: string): Promise<InvitationRecord | null>
  /** Optional, for `clerk.check()`: rejects when the store cannot be used. */
  ping?(): Promise<void>
}
