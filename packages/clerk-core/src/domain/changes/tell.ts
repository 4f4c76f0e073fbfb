/** What this package itself tells the other processes; recorded like an event of Clerk's, and given to no handler. */
export type OwnChange =
  /** What is cached of a row is outdated. */
  | 'user.forgotten'
  | 'organization.forgotten'
  | 'role.forgotten'
  /** A user who is no longer at Clerk: nothing signs in any more. */
  | 'user.ended'

/**
 * Tells a change that is written already: in effect here even when it rejects. @throws {StoreInputError} when it is no id;
 * {@link StoreUnavailableError} when the other processes could not be told
 */
export type Tell = (change: OwnChange, clerkId: string) => Promise<void>
