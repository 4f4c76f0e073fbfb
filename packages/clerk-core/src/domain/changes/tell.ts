/** What this package itself tells the other processes; recorded like an event of Clerk's, and given to no handler. */
export type OwnChange =
  /** What is cached of a row is outdated. */
  | 'user.forgotten'
  | 'organization.forgotten'
  | 'role.forgotten'
  /** A user who is no longer at Clerk: nothing signs in any more. */
  | 'user.ended'

/**
 * Tells a change of our own here and, through the log, in every process: in effect here even when it rejects.
 *
 * @param heldVersion told before the row is written: what it names gives no right until a row of this version is read;
 * milliseconds
 * @throws {StoreInputError} when it is no id; {@link StoreUnavailableError} when the other processes could not be told
 */
export type Tell = (change: OwnChange, clerkId: string, heldVersion?: number) => Promise<void>
