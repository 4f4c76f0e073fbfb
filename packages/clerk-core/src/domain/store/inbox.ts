/** A verified webhook delivery, as the inbox stores it. */
export interface InboxEvent {
  /** `svix-id`: the same on every attempt. */
  readonly id: string
  readonly type: string
  /** When Clerk says it happened; milliseconds. */
  readonly timestamp: number
  /** Every Clerk id concerned: user, organisation, session, membership, invitation. */
  readonly subjects: readonly string[]
  /** The raw body. */
  readonly body: string
}

/**
 * `open`: not finished, held by a process or waiting for its next attempt. `failed`: given up, with its body, until
 * a caller claims it again. `done` and `discarded` are final.
 */
export type EventStatus = 'open' | 'done' | 'failed' | 'discarded'

/** How an event can be finished. */
export type FinishedStatus = Exclude<EventStatus, 'open'>

/** An event and what became of it. Times are milliseconds by the store's clock. */
export interface StoredEvent extends InboxEvent {
  readonly status: EventStatus
  /** How often it was claimed. */
  readonly attempts: number
  /** Names of the handlers that have succeeded. */
  readonly succeeded: readonly string[]
  /** Message of the last failure, without data of the event. `null` once it is done. */
  readonly error: string | null
  /** Why it was finished, where there is something to say: `subject-erased`. */
  readonly reason: string | null
  /** When it was first claimed. */
  readonly receivedAt: number
  /** When it may be tried again; of a new event the time of its arrival. */
  readonly dueAt: number
  /** Until when it is held; `null`: by no caller. */
  readonly leaseUntil: number | null
  /** `null` while it is open. */
  readonly finishedAt: number | null
}

/**
 * `claimed`: the caller holds the event as `owner`, a token that no other claim is given. `busy`: another caller holds it
 * for so many milliseconds more. `done`: it is done, or was discarded.
 */
export type Claim =
  | {
      readonly status: 'claimed'
      readonly owner: string
      /** How often it was claimed, this time included. */
      readonly attempts: number
      /** Names of the handlers that have succeeded. */
      readonly succeeded: readonly string[]
    }
  | { readonly status: 'busy'; readonly retryAfterMs: number }
  | { readonly status: 'done' }

/** Which events to list. */
export interface EventQuery {
  readonly status?: EventStatus
  readonly type?: string
  /** First claimed at or after this time; milliseconds by the store's clock. */
  readonly since?: number
  /** At least 1. */
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string
}

/** An entry of the log, before the store gives it its place and time. */
export interface NewChange {
  /** Of the event; made up where there is none. It stands there twice where the event narrows a right: see `narrows`. */
  readonly id: string
  readonly type: string
  /** Clerk ids, in the order that the type tells. */
  readonly subjects: readonly string[]
  /**
   * The one subject that loses a right, in an entry that is written **before** the row: the id of a session, a user, an
   * organisation or an API key, the key of a role, or a membership (`org_…:user_…`). `null` in an entry that is written
   * after the row.
   */
  readonly narrows: string | null
  /**
   * `null`: revoked for good. A number: until a row of at least this version, or a deleted one, is read, what `narrows`
   * names gives no right. `null` where `narrows` is.
   */
  readonly version: number | null
}

/** An entry of the log. */
export interface Change extends NewChange {
  /** Its own place: later entries have others. Opaque. */
  readonly position: string
  /** When it was written; milliseconds by the store's clock. */
  readonly at: number
}

/** Entries, and from where to read on. */
export interface ChangePage {
  readonly changes: readonly Change[]
  /** To be passed to the next call. Opaque, at most some kilobytes, and only of meaning to the method that gave it. */
  readonly position: string
  /** The store's clock; milliseconds. */
  readonly now: number
  /** There may be more at once. */
  readonly more: boolean
}

/**
 * Two things in one store: a queue of webhook events, in which duplicates are recognised and a killed process loses
 * nothing; and an append-only log, in which other processes read what changed.
 *
 * **Times are the store's**: they are set by the statement that writes (`now()`, `$currentDate`), and durations are passed
 * in, in milliseconds. No method takes the caller's time, since the clocks of processes differ.
 *
 * **Owners fence**: `claim` gives a token. Once another caller has claimed the event, or it was finished or discarded, a
 * call with an older token changes nothing and answers `false`: the lease was lost. A lease that ran out and that no one
 * else has claimed is still its owner's.
 *
 * Ids that are no ids are refused with {@link StoreInputError} before any query. Every method throws
 * {@link StoreUnavailableError} when the store cannot be reached, and {@link StoreFaultError} when the database refuses for
 * good.
 */
export interface Inbox {
  /**
   * Takes the event for the caller, for `leaseMs`. Exactly one of several concurrent callers gets `claimed`; a lease that
   * ran out is free. An unknown event is stored; a known one stays as it was first stored. A `failed` event is open again.
   * The time at which an event is due does not matter here. `attempts` grows by one with every claim that is given.
   */
  claim(event: InboxEvent, leaseMs: number): Promise<Claim>
  /** Holds the event for `leaseMs` from now. `false`: the lease was lost. */
  renew(id: string, owner: string, leaseMs: number): Promise<boolean>
  /** The handler of this name need not run again. `false`: the lease was lost, and it is not noted. */
  succeeded(id: string, owner: string, handler: string): Promise<boolean>
  /**
   * Gives the event back after a failure: open, free, due in `retryAfterMs`. `error` holds no data of the event. `false`:
   * the lease was lost.
   */
  release(
    id: string,
    owner: string,
    failure: { readonly error: string; readonly retryAfterMs: number },
  ): Promise<boolean>
  /**
   * Finishes the event. The body is dropped for `done` and `discarded` and kept for `failed`; id, type, subjects and times
   * stay until pruned. `false`: the lease was lost.
   */
  finish(id: string, owner: string, status: FinishedStatus, reason?: string): Promise<boolean>

  /** Open events whose time has come and that no caller holds, the longest due first. */
  due(limit: number): Promise<StoredEvent[]>
  find(id: string): Promise<StoredEvent | null>
  /** Newest first, by `receivedAt`; of the same millisecond by id, in any order that stays. `next`: `null` on the last page. */
  list(query: EventQuery): Promise<{ readonly events: StoredEvent[]; readonly next: string | null }>
  /**
   * Erasure: every open or failed event that has this id among its subjects, held or not, is `discarded` for the reason
   * `subject-erased`, and its body dropped. Returns how many.
   *
   * @param options.exceptId the event of the erasure itself, which stays as it is
   */
  discardEarlier(subject: string, options: { readonly exceptId: string }): Promise<number>
  /**
   * Removes finished events (failed ones too) that were finished, and entries of the log that were written, more than this
   * long ago; in batches. Open events stay. Returns how many events were removed.
   */
  prune(olderThanMs: number): Promise<number>

  /** Adds an entry to the log, and answers its place and the time that the store gave it. */
  append(change: NewChange): Promise<{ readonly position: string; readonly at: number }>
  /**
   * Entries after the position, in the order of their places, and those whose place was given before the position but
   * which have become visible only since. An entry that a writer commits late is never missed: see the rule
   * {@link advanceLog}. An entry may be answered more than once.
   *
   * @param position `null`: from about now; what was written within the last 120 seconds is answered as well
   * @param limit at least 1
   * @throws {StoreInputError} for a position that is none
   */
  changesSince(position: string | null, limit: number): Promise<ChangePage>
  /**
   * Entries that narrow a right, oldest first. One that another of the same subject {@link covers} may be left out, and no other.
   *
   * @param position `null`: from the first entry that there is
   * @param limit at least 1
   */
  revocations(position: string | null, limit: number): Promise<ChangePage>

  /** Optional, for `clerk.check()`: rejects when the store cannot be used. */
  ping?(): Promise<void>
}
