import type { ReconcileOptions } from '../backend-api/bulk.js'
import type { ListingResult, RefreshOptions } from '../backend-api/complete-listing.js'
import type { UserRecord } from '../store/user.js'
import type {
  MigrateUsersOptions,
  MigrationOutcome,
  MigrationSource,
  SyncUsersOptions,
  UserReconciliation,
  UserSync,
} from './bulk.js'

/** What `clerk.users.refresh` found and did. */
export interface UserRefresh<U extends UserRecord = UserRecord> {
  /** The local row as it is now, a deleted one too; `null`: there is none, and Clerk does not know the id. */
  readonly user: Readonly<U> | null
  readonly listings: { readonly user: ListingResult }
}

/** `clerk.users`: local users by their Clerk id. */
export interface ClerkUsers<U extends UserRecord = UserRecord> {
  /** The local row (cached), deleted ones too; `null` when there is none. @throws {StoreUnavailableError} */
  get(clerkId: string): Promise<Readonly<U> | null>
  /**
   * Fetches the user from Clerk and applies it. A user whom Clerk no longer has, by id and in a listing by that id, is
   * deleted here and signed out everywhere, where the secret key is known to be this instance's: `listings.user` says what
   * was done. Memberships are those of `clerk.organizations.refresh`.
   *
   * What was written is in effect here even when it rejects: to be called again.
   *
   * @throws {ClerkApiError} {@link StoreUnavailableError} {@link StoreFaultError}
   */
  refresh(clerkId: string, options?: RefreshOptions): Promise<UserRefresh<U>>
  /**
   * To be called after the application changed a row itself, by switching it off (`isActive`) for instance: this process
   * reads it again at once, and connections of the user are checked. With an inbox every other process follows within
   * `invalidation.pollSeconds`. In effect here even when it rejects.
   *
   * @throws {StoreInputError} when `clerkId` is no id; {@link StoreUnavailableError} when the other processes could not be
   * told: to be called again
   */
  forget(clerkId: string): Promise<void>
  /**
   * Reads users from Clerk, in pages of 500, and applies them as webhooks are: linking included, a ban into the log before
   * its row. Ends nothing: see {@link ClerkUsers.reconcile}. Memory does not grow with the number of users. May be repeated,
   * stopped and begun anew, while webhooks arrive.
   *
   * A row that the store refuses counts as `failed`, and the others go on.
   *
   * @throws {ClerkApiError} {@link StoreUnavailableError} when Clerk or the store is out: what was written stays
   * @throws {ConfigurationError} when the secret key belongs to another instance than the tokens, or there is none
   * @throws {StoreInputError} for an option that is none
   */
  sync(options?: SyncUsersOptions): Promise<UserSync>
  /**
   * Compares every row with a complete listing of Clerk's, both ways. Writes nothing without `repair`. Whose the secret
   * key is is proved first. Rows that are gone at Clerk are ended as by {@link ClerkUsers.refresh}: of more than a tenth
   * none is without `force`. Keeps the ids of all rows in memory.
   *
   * @throws {ClerkApiError} {@link StoreUnavailableError}
   * @throws {ConfigurationError} when the secret key is not known to be this instance's, or the store cannot list its rows
   */
  reconcile(options?: ReconcileOptions): Promise<UserReconciliation>
  /**
   * Creates users at Clerk. First every row is validated: the invalid ones are yielded, and the others go on. Before a row
   * is created Clerk is asked whether it has the user, a hundred rows at a time, and again after an answer that was lost:
   * stopped anywhere and begun anew, nobody is created twice. Needs no store; rows here follow by webhooks or
   * {@link ClerkUsers.sync}.
   *
   * Outcomes are yielded in the order in which they are known. Once `signal` is aborted no more rows are begun, the outcomes
   * of those under way are yielded, and it ends. A consumer that ends it (`break`) loses the outcomes of those under way.
   *
   * @throws {ClerkApiError} when Clerk refuses the secret key, or stays unreachable: everything yielded before holds
   * @throws {ConfigurationError} without a secret key
   */
  migrate(rows: MigrationSource, options?: MigrateUsersOptions): AsyncIterable<MigrationOutcome>
}
