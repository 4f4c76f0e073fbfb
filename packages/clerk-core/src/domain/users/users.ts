import type { UserRecord } from '../store/user.js'

/** `clerk.users`: local users by their Clerk id. */
export interface ClerkUsers<U extends UserRecord = UserRecord> {
  /** The local row (cached), deleted ones too; `null` when there is none. @throws {StoreUnavailableError} */
  get(clerkId: string): Promise<Readonly<U> | null>
  /**
   * Fetches the user from Clerk and applies it. `null`: Clerk does not know the id; the local row is left as it is,
   * because only a verified event deletes. @throws {ClerkApiError} {@link StoreUnavailableError}
   * {@link StoreFaultError}
   */
  refresh(clerkId: string): Promise<Readonly<U> | null>
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
