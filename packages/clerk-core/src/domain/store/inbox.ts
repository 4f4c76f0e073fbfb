/** A verified webhook delivery, or a sign-out of our own, as the inbox stores it. Times are milliseconds. */
export interface InboxEvent {
  /** `svix-id`: the same on every attempt. */
  readonly id: string
  readonly type: string
  /** When Clerk says it happened. */
  readonly timestamp: number
  /** Every Clerk id concerned: user, organisation, session, membership, invitation. */
  readonly subjects: readonly string[]
  /** The raw body; dropped when the event is done. */
  readonly body: string
}

/** An event that is not done, with what is known of it. */
export interface PendingEvent extends InboxEvent {
  readonly attempts: number
  /** Names of the handlers that have succeeded. */
  readonly succeeded: readonly string[]
  readonly appliedAt: number | null
  readonly leaseUntil: number
  /** Message of the last failure, without data of the event. */
  readonly error: string | null
}

/** An applied event, as other processes read it. */
export interface Change {
  readonly id: string
  readonly type: string
  readonly subjects: readonly string[]
  readonly appliedAt: number
}

export type Claim =
  | { readonly status: 'claimed'; readonly succeeded: readonly string[] }
  | { readonly status: 'busy'; readonly leaseUntil: number }
  | { readonly status: 'done' }

/**
 * Remembers webhook deliveries: duplicates are recognised, a killed process loses nothing, and other processes read in
 * it what changed. Time is always passed in, in milliseconds; nothing here reads a clock.
 *
 * Every method throws {@link StoreUnavailableError} when the store cannot be reached, and {@link StoreFaultError} when the
 * database refuses for good.
 */
export interface Inbox {
  /**
   * Takes the event for the caller until `leaseUntil`. Exactly one of several concurrent callers gets `claimed`; a lease
   * that ran out (`leaseUntil <= now`) is free again.
   */
  claim(event: InboxEvent, now: number, leaseUntil: number): Promise<Claim>
  /** The state was applied at `now`; a repeated apply sets it anew. */
  applied(id: string, now: number): Promise<void>
  /** The handler of this name need not run again. */
  succeeded(id: string, handler: string): Promise<void>
  /** Gives the lease back after a failure; the event stays open. `error` holds no data of the event. */
  release(id: string, error: string): Promise<void>
  /** Finished: the body is dropped; id, type, subjects and times stay until pruned. */
  done(id: string, now: number): Promise<void>
  /** Events that are not done, oldest first, held by a caller or not. */
  pending(limit: number): Promise<PendingEvent[]>
  /** Events applied at or after `time`, done or not, oldest application first. */
  changesSince(time: number): Promise<Change[]>
  /** Removes done events whose `done` time is before this one, in batches. Returns how many. */
  prune(before: number): Promise<number>
  /** Optional, for `clerk.check()`: rejects when the store cannot be used. */
  ping?(): Promise<void>
}
