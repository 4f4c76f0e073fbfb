import type { ListingResult, RefreshOptions } from '../backend-api/complete-listing.js'
import type { MembershipRecord, OrganizationRecord } from '../store/organization.js'
import type {
  OrganizationReconciliation,
  OrganizationSync,
  ReconcileOrganizationsOptions,
  SyncOrganizationsOptions,
} from './bulk.js'

/** What `clerk.organizations.refresh` found and did. */
export interface OrganizationRefresh<O extends OrganizationRecord = OrganizationRecord> {
  /** The local row as it is now, a deleted one too; `null`: there is none, and Clerk does not know the id. */
  readonly organization: Readonly<O> | null
  readonly listings: {
    readonly organization: ListingResult
    readonly memberships: ListingResult
    readonly roles: ListingResult
  }
}

/** `clerk.organizations`: local organisations and memberships by their Clerk ids. */
export interface ClerkOrganizations<
  M extends MembershipRecord = MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
> {
  /** @throws {StoreUnavailableError} */
  get(orgId: string): Promise<Readonly<O> | null>
  /** The newest membership (cached), live or deleted. @throws {StoreUnavailableError} */
  getMembership(orgId: string, userId: string): Promise<Readonly<M> | null>
  /** Live memberships of a user. @throws {StoreUnavailableError} */
  listMemberships(userId: string): Promise<readonly Readonly<M>[]>
  /**
   * Fetches the organisation, its memberships and invitations, and the roles of the instance, and applies them. What
   * Clerk no longer has, in the complete listing and asked for by id, is deleted here: the organisation, its memberships,
   * roles. `listings` says what was done, and why something was left. Invitations are never missing: Clerk lists those
   * that were revoked, too.
   *
   * What was written is in effect here even when it rejects: to be called again.
   *
   * @throws {ClerkApiError} {@link StoreUnavailableError}
   */
  refresh(orgId: string, options?: RefreshOptions): Promise<OrganizationRefresh<O>>
  /** Fetches the roles of the instance; nothing where the store has no roles. As {@link ClerkOrganizations.refresh}. */
  refreshRoles(options?: RefreshOptions): Promise<ListingResult>
  /**
   * To be called after the application changed the organisation's row or one of its memberships itself. As
   * {@link ClerkUsers.forget}.
   *
   * @throws {StoreInputError} {@link StoreUnavailableError}
   */
  forget(orgId: string): Promise<void>
  /**
   * Reads organisations from Clerk and applies them, with `members` their memberships and the roles, with `invitations`
   * their invitations: as `clerk.users.sync` does. What narrows a right goes into the log before its row. Ends nothing.
   *
   * @throws {ClerkApiError} {@link StoreUnavailableError}
   * @throws {ConfigurationError} when the secret key belongs to another instance than the tokens, or there is none
   */
  sync(options?: SyncOrganizationsOptions): Promise<OrganizationSync>
  /**
   * Compares organisations, with `memberships` their memberships and the roles too, with complete listings of Clerk's, both
   * ways: as `clerk.users.reconcile` does.
   *
   * @throws {ClerkApiError} {@link StoreUnavailableError}
   * @throws {ConfigurationError} when the secret key is not known to be this instance's, or the store cannot list its rows
   */
  reconcile(options?: ReconcileOrganizationsOptions): Promise<OrganizationReconciliation>
}
