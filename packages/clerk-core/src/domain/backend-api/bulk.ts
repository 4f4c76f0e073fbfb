import type { LeftBecause } from './complete-listing.js'

/** How far an operation over many rows is. */
export interface BulkProgress {
  /** Rows that were looked at. */
  readonly done: number
  /** `null`: not known. */
  readonly total: number | null
}

/** What every operation over many rows takes. What a callback returns is awaited; what it throws ends the operation. */
export interface BulkOptions {
  /** Stops after what is in hand: the result then has `complete: false`. Starting again is always safe. */
  readonly signal?: AbortSignal
  /** After every page, or every few rows. */
  readonly onProgress?: (progress: BulkProgress) => unknown
}

/** What became of one row of a sync. `linked`: a local row without Clerk id got it. `missing`: Clerk has no such id. */
export type SyncOutcome = 'created' | 'updated' | 'unchanged' | 'stale' | 'linked' | 'missing' | 'failed'

/** One row of a sync. */
export interface SyncedRow {
  readonly kind: 'user' | 'organization' | 'membership' | 'invitation' | 'role'
  /** Clerk's. */
  readonly id: string
  readonly outcome: SyncOutcome
  /** Of a failed row: the class of what the store threw. Its message goes to `observe` and the logger. */
  readonly error: string | null
}

/** How many rows had which outcome. */
export type SyncCounts = Readonly<Record<SyncOutcome, number>>

export interface SyncOptions extends BulkOptions {
  /** Reads, and says what each outcome would be; writes nothing. */
  readonly dryRun?: boolean
  /** After each row. */
  readonly onRow?: (row: SyncedRow) => unknown
}

/** In what a row here and Clerk's listing differ. */
export interface Drift {
  readonly kind: 'user' | 'organization' | 'membership' | 'role'
  /** Clerk's. */
  readonly id: string
  /** Of a membership. */
  readonly orgId: string | null
  /** Of a membership. */
  readonly userId: string | null
  /**
   * `missing-here`: Clerk has it, and there is no row. `gone-at-clerk`: there is a row that is not deleted, and neither the
   * listing nor a request by id knows it. `different`: see `fields`. `deleted-here`: the row is deleted, which nothing undoes,
   * and Clerk has it.
   */
  readonly drift: 'missing-here' | 'gone-at-clerk' | 'different' | 'deleted-here'
  /** Names of the columns that differ (`email`, `banned`, `role` …), never their values. */
  readonly fields: readonly string[]
  /**
   * Whether the row is now as Clerk has it. Without `repair` always false; a unique value that another row has by right
   * stays different.
   */
  readonly repaired: boolean
  /** Why a row that is gone at Clerk was left. `null`: it was not, or nothing was to be repaired. */
  readonly leftBecause: LeftBecause | null
}

/** How many rows of one kind a reconciliation compared and found different. */
export interface DriftCounts {
  /** Entries of Clerk's listing. */
  readonly compared: number
  readonly missingHere: number
  readonly goneAtClerk: number
  readonly different: number
  readonly deletedHere: number
  readonly repaired: number
  /** Rows that are gone at Clerk and were not ended: see `leftBecause`. */
  readonly left: number
  /** `null`: nothing was left. */
  readonly leftBecause: LeftBecause | null
}

export interface ReconcileOptions extends BulkOptions {
  /** Writes what was found: through the same rules as webhooks do, what narrows a right into the log first. Default: false. */
  readonly repair?: boolean
  /** Ends rows however many of them the listing lacks. Still only those that a request by id does not find either. */
  readonly force?: boolean
  /** For each difference, when it is known whether it was repaired. */
  readonly onDrift?: (drift: Drift) => unknown
}
