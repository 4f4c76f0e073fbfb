import type { ListingResult, RefreshOptions } from '../backend-api/complete-listing.js'
import type { UserRecord } from '../store/user.js'

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
}
