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
  /** As {@link OrganizationStore.findMembership} answers them, those of the role where it is the newer of both. */
  readonly permissions: readonly string[]
  /** Milliseconds: the change of the role that `permissions` come from. Absent: they are the membership's own. */
  readonly permissionsVersion?: number
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

/** What the members of every organisation may do who have this role. */
export interface RoleRecord {
  /** The store's own id. */
  readonly id: unknown
  /** `role_…`. A role that is deleted and made anew with the same key is another one. */
  readonly clerkId: string
  /** `org:admin`; `null` only in a row that records a deletion. */
  readonly key: string | null
  readonly name: string | null
  /** Keys: `org:invoices:read`. */
  readonly permissions: readonly string[]
  /** Milliseconds; 0 for a row that only records a deletion. */
  readonly version: number
  readonly deletedAt: Date | null
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

/** As {@link UserSnapshot}: what is absent keeps its value, `null` clears. `permissions` are never absent. */
export interface RoleSnapshot {
  readonly clerkId: string
  /** With the `org:` prefix. */
  readonly key: string
  readonly name?: string | null
  readonly permissions: readonly string[]
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

/** Names of synced fields, by the table that has no column for them. */
export type UnstoredOfOrganizations = {
  readonly [Table in 'organizations' | 'memberships' | 'roles']: readonly string[]
}

/**
 * Where local organisations, memberships, roles and invitations live. The rule of {@link UserStore} holds for each of
 * them: the highest version wins, a deletion never comes undone. Nothing has foreign keys: an event never waits for its
 * parent. Ids are Clerk's.
 *
 * The methods for roles are optional, all four or none. Without them a permission that a role has lost stays in the
 * stored memberships until each of them changes.
 *
 * Every method throws {@link StoreUnavailableError} when the store cannot be reached, and {@link StoreFaultError} when the
 * database refuses for good.
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
   * Optional, for `clerk.organizations.reconcile`: a page of all organisations, deleted ones too, as `UserStore.list` has
   * them.
   */
  listOrganizations?(page: { readonly after: string | null; readonly limit: number }): Promise<O[]>
  /** Optional: synced fields that it has no column for, and answers `null` for. Default: none. */
  unstored?(): Promise<UnstoredOfOrganizations>

  /**
   * The membership with the newest `createdAt`, live or deleted, else `null`. The organisation's deletion counts as the
   * membership's: `deletedAt` is the earlier of both. The permissions are those of the newer of the membership and its
   * role: see `withRole` of the rules.
   */
  findMembership(orgId: string, userId: string): Promise<M | null>
  applyMembership(snapshot: MembershipSnapshot): Promise<{ membership: M; outcome: ApplyOutcome }>
  /**
   * Finds the row by `clerkId` alone. An unknown membership gets a row of version 0 with what is known of its identity and
   * `deletedAt`. @param at milliseconds
   */
  removeMembership(membership: MembershipReference, at: number): Promise<M>
  /** Live memberships of live organisations, oldest first, with permissions as `findMembership` has them. */
  listMemberships(of: { userId: string } | { orgId: string }): Promise<M[]>

  applyInvitation(
    snapshot: InvitationSnapshot,
  ): Promise<{ invitation: InvitationRecord; outcome: ApplyOutcome }>
  findInvitation(invitationId: string): Promise<InvitationRecord | null>
  /** Of several roles that have had this key the one that counts, live or deleted: see `newestRole` of the rules. */
  findRole?(key: string): Promise<RoleRecord | null>
  /** Roles that are not deleted, in any order. */
  listRoles?(): Promise<RoleRecord[]>
  applyRole?(snapshot: RoleSnapshot): Promise<{ role: RoleRecord; outcome: ApplyOutcome }>
  /** An unknown role gets a row of version 0 without key. @param at milliseconds */
  removeRole?(roleId: string, at: number): Promise<RoleRecord>

  /** Optional, for `clerk.check()`: rejects when the store cannot be used. */
  ping?(): Promise<void>
}
