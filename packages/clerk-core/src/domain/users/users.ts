import type { UserRecord } from '../store/user.js'

/** `clerk.users`: local users by their Clerk id. */
export interface ClerkUsers<U extends UserRecord = UserRecord> {
  /** The local row (cached), deleted ones too; `null` when there is none. @throws {StoreUnavailableError} */
  get(clerkId: string): Promise<Readonly<U> | null>
  /**
   * Fetches the user from Clerk and applies it. `null`: Clerk does not know the id; the local row is left as it is,
   * because only a verified event deletes. @throws {ClerkApiError} {@link StoreUnavailableError}
   */
  refresh(clerkId: string): Promise<Readonly<U> | null>
  /** Drops the row from the cache, after the application changed it itself. */
  forget(clerkId: string): void
}
