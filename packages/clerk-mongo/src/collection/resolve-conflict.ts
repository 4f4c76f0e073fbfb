import {
  type Concession,
  concessions,
  emptied,
  givesWay,
  type Holder,
  StoreFaultError,
} from '@acme/clerk-core/store'
import type { Document, Filter } from 'mongodb'
import { dateOrNull, textOrNull } from '../documents/fields.js'
import { lockOut } from '../index-problems.js'
import { changes, versionOf } from './changes.js'
import { isDuplicateKey } from './errors.js'
import type { MappedCollection } from './mapped-collection.js'
import type { UniqueColumns } from './unique-columns.js'

/** What a collection knows of the columns that may be unique. */
export interface Uniqueness {
  unique: UniqueColumns
  /** What a row holds in columns that it may not have: the columns and what belongs to them. */
  empty(columns: Iterable<string>): Document
  /** Filters that find the rows that hold a value, the most exact first. */
  holding(column: string, value: unknown): readonly Filter<Document>[]
}

/** Uniqueness where only `clerkId`, and the columns named, can be unique. */
export function plainUniqueness(unique: UniqueColumns): Uniqueness {
  return { unique, empty: emptied, holding: (column, value) => [{ [column]: { $eq: value } }] }
}

/** The write that met a duplicate key. `others` finds every row but the one it is for. */
export interface ConflictingWrite {
  version: number
  synced: Document
  others: Filter<Document>
}

/**
 * What a duplicate key means: a row with this `clerkId` is there (`row-exists`); the value of a column is free now, since
 * its holder gave it up (`free`), or no holder was found (`no-holder`); or the write has to do without the column.
 */
export type Resolution = 'row-exists' | 'free' | { status: 'no-holder' | 'conceded'; column: string }

const holderOf = ({ clerkId, version, deletedAt, emailVerified }: Document): Holder => ({
  clerkId: textOrNull(clerkId),
  version: versionOf({ version }),
  deletedAt: dateOrNull(deletedAt),
  emailVerified: emailVerified === true,
})

/** As the condition of a write. Rows may lack what they do not have. */
const asFilter = ({ deleted, versionBelow, verified }: Concession): Filter<Document> => ({
  ...(deleted && { deletedAt: { $ne: null } }),
  ...(versionBelow !== undefined && { version: { $not: { $gte: versionBelow } } }),
  ...(verified === false && { emailVerified: { $ne: true } }),
})

/** @throws the error, when it is no duplicate key of ours */
export async function resolveConflict(
  error: unknown,
  collection: MappedCollection,
  { unique, empty, holding }: Uniqueness,
  { version, synced, others }: ConflictingWrite,
): Promise<Resolution> {
  if (!isDuplicateKey(error)) throw error
  const index = error.index === undefined ? null : await unique.indexOf(error.index)
  if (index === null) throw error
  const { column } = index
  if (column === 'clerkId') return 'row-exists'

  const value = synced[column]
  if (value === null || value === undefined) {
    const { collectionName: model } = collection
    const field = collection.columns.column(column)
    const { fault, driverCode } = error
    const { message, remedy } = lockOut(model, index)
    throw new StoreFaultError({
      ...{ fault, driverCode, model, field, index: index.name },
      remedy: `${message} ${remedy}`,
    })
  }
  const contender = { version, emailVerified: synced.emailVerified === true }
  for (const filter of holding(column, value)) {
    const held = { $and: [filter, others] } as Filter<Document>
    const holder = await collection.findOne(held)
    if (holder === null) continue
    if (!givesWay(column, holderOf(holder), contender)) return { status: 'conceded', column }
    // One write, conditional on what was seen: in between the holder may have been updated.
    const seen = { _id: { $eq: holder._id }, clerkId: { $eq: holder.clerkId } } as Filter<Document>
    const stillConcedes = { $or: concessions(column, contender).map(asFilter) }
    await collection.updateOne({ $and: [seen, held, stillConcedes] }, changes(empty([column])))
    return 'free'
  }
  return { status: 'no-holder', column }
}
