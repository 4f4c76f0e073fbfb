import type { Metadata } from '../../ground/json/json.js'
import type { LinkBy } from '../../ground/options/resolved.js'

export type { Json, Metadata } from '../../ground/json/json.js'
export type { LinkBy } from '../../ground/options/resolved.js'

/** What a row to link is looked for by. */
export type LinkKey = { readonly email: string } | { readonly externalId: string }

/** The least a user row has, whatever store it comes from. The application's own columns stand beside these. */
export interface UserRecord {
  /** The store's own id, never Clerk's. */
  readonly id: unknown
  /** `null` for a row that Clerk does not know (yet). */
  readonly clerkId: string | null
  readonly email: string | null
  /** Whether the owner of `email` has proved it, at Clerk or (rows without `clerkId`) to the application. */
  readonly emailVerified: boolean
  readonly username: string | null
  readonly phone: string | null
  readonly firstName: string | null
  readonly lastName: string | null
  readonly imageUrl: string | null
  readonly externalId: string | null
  readonly publicMetadata: Metadata | null
  /** At Clerk. Synced. */
  readonly banned: boolean
  /** A directory (SCIM) has withdrawn the user, who may not sign in, as if banned. Synced. */
  readonly deprovisioned: boolean
  /**
   * The application's own switch, true by default: no event, link, sync or deletion writes it. After the application
   * changed it, `clerk.users.forget(clerkId)` tells every process. See {@link maySignIn}.
   */
  readonly isActive: boolean
  /** Clerk's `updated_at` in milliseconds of the state stored; 0 for a row that holds nothing from Clerk yet. */
  readonly version: number
  /** When the user was made at Clerk. `createdAt` is a name of the application's, and never written. */
  readonly clerkCreatedAt: Date | null
  /** The latest that was ever seen, whatever version brought it; `null`: not known. */
  readonly lastSignInAt: Date | null
  /** As `lastSignInAt`. Clerk tells it once a day or so. */
  readonly lastActiveAt: Date | null
  /** Set once, never unset. */
  readonly deletedAt: Date | null
}

/**
 * A user as Clerk describes it at one moment. A field that is absent was not carried: the row keeps its value, and a new
 * row is empty there. `null` clears. Times are milliseconds.
 */
export interface UserSnapshot {
  readonly clerkId: string
  /** Primary e-mail address. */
  readonly email?: string | null
  /** Of `email`: without it this says nothing. */
  readonly emailVerified?: boolean
  readonly username?: string | null
  /** Primary phone number. */
  readonly phone?: string | null
  readonly firstName?: string | null
  readonly lastName?: string | null
  readonly imageUrl?: string | null
  readonly externalId?: string | null
  readonly publicMetadata?: Metadata
  /** Only with `privateMetadata: true` in the options; never logged. */
  readonly privateMetadata?: Metadata
  readonly banned?: boolean
  readonly deprovisioned?: boolean
  readonly locked?: boolean
  /** Clerk's; the row has it as `clerkCreatedAt`. */
  readonly createdAt?: number | null
  readonly updatedAt?: number | null
  /** The later of this and the row's is stored, even where the snapshot is stale. */
  readonly lastSignInAt?: number | null
  /** As `lastSignInAt`. */
  readonly lastActiveAt?: number | null
  /**
   * Clerk's `updated_at`, else the event's timestamp. 0 for a snapshot built from token claims, which only creates a
   * row or fills one that has nothing but its id.
   */
  readonly version: number
}

/** When a user was last seen, in milliseconds. */
export interface UserActivity {
  readonly lastSignInAt: number
  readonly lastActiveAt: number
}

/** What became of a snapshot. `stale`: the row already holds a higher version. */
export type ApplyOutcome = 'created' | 'updated' | 'unchanged' | 'stale'

/**
 * Where local users live. A row has two parts and both only grow: its synced fields belong to the highest `version`
 * seen (of equal versions the later write wins), and `deletedAt`, once set, never goes; the earliest one stays.
 *
 * Every method throws {@link StoreUnavailableError} when the store cannot be reached, and {@link StoreFaultError} when the
 * database refuses for good.
 */
export interface UserStore<U extends UserRecord = UserRecord> {
  /** Deleted rows too. `null`: there is no such user. */
  findByClerkId(clerkId: string): Promise<U | null>
  /** Stores the snapshot unless the row holds a higher version. Fills the fields of a deleted row and leaves it deleted. */
  apply(snapshot: UserSnapshot): Promise<{ user: U; outcome: ApplyOutcome }>
  /**
   * Sets `deletedAt` and keeps the row; an unknown id gets a row of version 0 that has nothing else. Changes neither a
   * version nor `isActive`.
   *
   * @param at milliseconds
   */
  remove(clerkId: string, at: number): Promise<U>
  /**
   * Optional, for imports: what `apply` would do with each of up to 500 snapshots, in few statements. Outcomes in the order of
   * the snapshots, of which several may be of one user: they count in their order. A call that rejects may have written some
   * of them.
   */
  applyMany?(snapshots: readonly UserSnapshot[]): Promise<ApplyOutcome[]>
  /** Optional: the rows of up to 500 Clerk ids, deleted ones too, in any order. Unknown ids are left out. */
  findMany?(clerkIds: readonly string[]): Promise<U[]>
  /**
   * Optional, for `clerk.users.reconcile`: a page of all rows that have a Clerk id, deleted ones too, in the store's order of
   * Clerk ids. A row that is there all the time is in exactly one page.
   *
   * @param after the Clerk id of the last row of the page before; `null`: from the beginning
   * @param limit 1–500
   */
  list?(page: { readonly after: string | null; readonly limit: number }): Promise<U[]>
  /** Optional: synced fields that it has no column for, and answers `null` for. Default: none. */
  unstored?(): Promise<readonly string[]>
  /**
   * Optional: after a sign-in, for which Clerk sends no `user.updated`. Raises each of both times that is earlier than the
   * given one, or empty, and lowers none, so that events may come late and twice. Changes nothing else, the version neither; an
   * unknown user gets no row, a deleted one stays deleted, a purged one empty.
   */
  touch?(clerkId: string, activity: UserActivity): Promise<void>
  /**
   * Optional, enables linking: rows without `clerkId` and `deletedAt` whose e-mail address is this one in any case, or whose
   * id (or the column that the application names for it) is this one exactly: see {@link isSameExternalId}. An external id
   * that the column cannot hold finds nothing and is no error.
   */
  findLinkable?(by: LinkKey): Promise<U[]>
  /**
   * Gives a row without `clerkId` this one's, and its fields. `null`: another writer was first, or the row does not (any
   * more) have the address or the external id of the snapshot.
   *
   * @param by which of both is compared; default: the address
   */
  link?(id: U['id'], snapshot: UserSnapshot, by?: LinkBy): Promise<U | null>
  /**
   * Optional (erasure requests): empties the synced fields of rows deleted before this time and leaves `clerkId`,
   * `deletedAt` and a version that nothing outbids (`Number.MAX_SAFE_INTEGER`). Batched; returns how many.
   *
   * @param before milliseconds; at least 7 days before `now`, else {@link StoreInputError}
   */
  purge?(before: number, now?: number): Promise<number>
  /** Optional, for `clerk.check()`: rejects when the store cannot be used. */
  ping?(): Promise<void>
}
