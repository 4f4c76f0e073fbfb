import type { Collection, Document, Filter } from 'mongodb'
import { changes, versionOf } from './changes.js'
import { duplicateKeyIndex } from './errors.js'
import type { UniqueColumns } from './unique-columns.js'

/** What a collection knows of the columns that may be unique. */
export interface Uniqueness {
  unique: UniqueColumns
  /** How a row loses the value of a column: the column itself and what belongs to it. */
  empty(column: string): Document
  /** Filters that find who holds a value, the most exact first. */
  holding(column: string, value: unknown): readonly Filter<Document>[]
}

/** Uniqueness where only `clerkId`, and the columns named, can be unique. */
export function plainUniqueness(unique: UniqueColumns): Uniqueness {
  return {
    unique,
    empty: (column) => ({ [column]: null }),
    holding: (column, value) => [{ [column]: { $eq: value } }],
  }
}

/** The row that met a duplicate key. `others` finds every row but this one. */
export interface Contender {
  version: number
  synced: Document
  others: Filter<Document>
}

/**
 * What a failed write means: `'row-exists'` (a row with this `clerkId` is there), or the value of a column was contended
 * and is settled: the holder gave it up (`null`), or the contender may not have the column that is answered.
 *
 * @throws the error, when it is none of these; without the value, which may be personal
 */
export async function settle(
  error: unknown,
  collection: Collection,
  { unique, empty, holding }: Uniqueness,
  { version, synced, others }: Contender,
): Promise<'row-exists' | { lost: string | null }> {
  const index = duplicateKeyIndex(error)
  if (index === null) throw error
  const column = await unique.columnOf(index)
  if (column === 'clerkId') return 'row-exists'
  if (column === null)
    throw new Error(`A row could not be written: the unique index ${index} has its value already.`)

  const value = synced[column]
  if (value === null || value === undefined) {
    throw new Error(`The unique index ${index} must be sparse: rows without ${column} are normal.`)
  }
  for (const filter of holding(column, value)) {
    const held = { $and: [filter, others] } as Filter<Document>
    const holder = await collection.findOne(held)
    if (holder === null) continue
    const fromClerk = typeof holder.clerkId === 'string'
    const yields = holder.deletedAt instanceof Date || (fromClerk && versionOf(holder) < version)
    if (!yields) return { lost: column }
    // One write, conditional on what was seen: in between the holder may have been updated.
    const stillYields = { $or: [{ deletedAt: { $ne: null } }, { version: { $not: { $gte: version } } }] }
    const where = { $and: [{ _id: { $eq: holder._id } }, held, stillYields] }
    await collection.updateOne(where as Filter<Document>, changes(empty(column)))
    return { lost: null }
  }
  return { lost: null }
}
