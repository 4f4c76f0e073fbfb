import type { RowPage } from '../rules/batch.js'
import type { laterTimes } from '../rules/times.js'
import type { ApplyOutcome } from '../user.js'

/** A row under the field names of the records. A field that the table does not store is `null` or absent. */
export type StoredRow = Readonly<Record<string, unknown>>

/** What is written, under the field names of the records. Fields that the table does not store are left out by it. */
export type RowValues = Readonly<Record<string, unknown>>

/** What holds of a row, of all its fields together: a value, `null` for none, one of several values, or any value. */
export type RowCondition = Readonly<
  Record<string, string | null | { readonly in: readonly string[] } | { readonly not: null }>
>

/** What a snapshot says: which row, how new, and what its synced fields become. */
export interface IncomingRow {
  readonly clerkId: string
  readonly version: number
  /** Milliseconds; `null`: not known. A version soon after it is a row's first, as a rule. */
  readonly createdAt?: number | null
  /** Synced fields that the snapshot carries, without `clerkId` and `version`: what is absent keeps its value. */
  readonly fields: RowValues
  /** What a new row has in fields that the snapshot does not carry. */
  readonly nothing: RowValues
  /** Has the times that only grow. */
  readonly times?: Parameters<typeof laterTimes>[1]
  /** More fields, where they depend on the row: they are written only while `condition` holds of it. */
  readonly depending?: (known: StoredRow | null) => {
    readonly fields: RowValues
    /** Equality alone. */
    readonly condition: RowValues
  }
  /** Columns of the application's own, for a row that has to be created. */
  readonly own: () => RowValues
}

/** What {@link VersionedRows.remove} writes besides `deletedAt`. */
export interface Tombstone {
  /** Of a row that has to be created. */
  readonly fields: RowValues
  readonly own: IncomingRow['own']
}

/**
 * One table of rows that converge: the synced fields belong to the highest version seen, a deletion never goes. How it
 * reads and writes is its own; each write is one statement whose condition is the state that it was decided on.
 */
export interface VersionedRows {
  /** By the Clerk id, exactly; deleted rows too. */
  find(clerkId: string): Promise<StoredRow | null>
  /** @param newest so many rows at most, those with the latest `createdAt`; absent: all, in any order */
  findMany(condition: RowCondition, newest?: number): Promise<readonly StoredRow[]>
  /** In the database's order of the Clerk ids. */
  page(page: RowPage): Promise<readonly StoredRow[]>
  apply(incoming: IncomingRow): Promise<{ readonly row: StoredRow; readonly outcome: ApplyOutcome }>
  /** The earliest deletion stays; an unknown id gets a row. */
  remove(clerkId: string, at: Date, tombstone: Tombstone): Promise<StoredRow>
  /** Writes while the condition holds of the row, and answers it as it is then. `null`: it does not hold. */
  update(clerkId: string, condition: RowCondition, fields: RowValues): Promise<StoredRow | null>
  /** Rejects when the table or one of its columns cannot be read. */
  probe(): Promise<void>
  /** Fields of the records that the table does not store. */
  unstored(): readonly string[]
}

/** A table, and the application's columns of a row that the store makes in it. */
export interface TableOf<S, R = VersionedRows> {
  readonly rows: R
  readonly create?: ((snapshot: S) => object) | undefined
}

export const ownColumns =
  <S>({ create }: TableOf<S, unknown>, snapshot: S) =>
  (): RowValues => ({ ...create?.(snapshot) })

/** The columns of times are dates, those of snapshots milliseconds. `undefined` stays what it is: nothing is written. */
export const dateOf = (ms: number | null | undefined): Date | null | undefined =>
  typeof ms === 'number' ? new Date(ms) : ms
