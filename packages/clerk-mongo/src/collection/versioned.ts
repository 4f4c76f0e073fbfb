import { isDeepStrictEqual } from 'node:util'
import type { ApplyOutcome } from '@acme/clerk-core/store'
import type { Collection, Document, Filter } from 'mongodb'
import { changed, changes, present, versionOf } from './changes.js'
import { isDuplicateKey } from './errors.js'
import { settle, type Uniqueness } from './settle.js'

/** What a snapshot writes. `null` means that the row has no such field. */
export interface Write {
  clerkId: string
  version: number
  synced: Document
  /** Fields that depend on whether the row is deleted. */
  derived?: (deleted: boolean) => Document
  /** Only in a row that is created. */
  onInsert?: Document
}

/** Every lost race means that somebody else made progress; as many as this in a row are a fault. */
const MAX_ATTEMPTS = 50

const exhausted = () => new Error(`A row was changed ${MAX_ATTEMPTS} times while it was being written.`)

/** The application's columns of a new row, without those that are not its to set. */
const additions = ({ onInsert = {} }: Pick<Write, 'onInsert'>, taken: Document): Document =>
  present(Object.fromEntries(Object.entries(onInsert).filter(([name]) => !(name in taken))))

/** What became of a write: the row as it was, a new row, or nothing because nothing matched or a unique value is taken. */
type Result = { before: Document } | 'inserted' | 'missed'

async function orDuplicate(writing: Promise<Result>): Promise<Result | { error: Error }> {
  try {
    return await writing
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    return { error }
  }
}

/**
 * The convergence rule on one collection, in atomic writes of single documents: the highest version wins, of equal ones
 * the later write; a deletion stays; a unique value goes to the higher version, and never to a deleted row nor away from
 * one that Clerk does not know.
 */
export function versioned(collection: Collection, uniqueness: Uniqueness) {
  const find = (clerkId: string) => collection.findOne({ clerkId: { $eq: clerkId } })

  /** Everything that is written, without the unique values that the row may not have. */
  async function fields(write: Write, lost: ReadonlySet<string>, deleted: boolean): Promise<Document> {
    const { synced, derived, version } = write
    const set: Document = { ...synced, ...derived?.(deleted), version }
    for (const column of deleted ? await uniqueness.unique.columns() : lost)
      Object.assign(set, uniqueness.empty(column))
    return set
  }

  /** Makes the row, and leaves one that is there alone. */
  async function insert(write: Write, set: Document): Promise<Result> {
    const { clerkId } = write
    const $setOnInsert = { ...additions(write, { clerkId, ...set }), ...present(set) }
    const own = { clerkId: { $eq: clerkId } }
    const { upsertedCount } = await collection.updateOne(own, { $setOnInsert }, { upsert: true })
    return upsertedCount > 0 ? 'inserted' : 'missed'
  }

  /** Writes over a row that is (not) deleted, unless its version is higher. */
  async function overwrite(write: Write, set: Document, deleted: boolean, upsert: boolean): Promise<Result> {
    const filter: Filter<Document> = {
      clerkId: { $eq: write.clerkId },
      // "Not higher", since a row that the application gave its clerkId has no version.
      version: { $not: { $gt: write.version } },
      deletedAt: deleted ? { $ne: null } : { $eq: null },
    }
    const update = upsert
      ? { ...changes(set), $setOnInsert: additions(write, { ...filter, ...set }) }
      : changes(set)
    const before = await collection.findOneAndUpdate(filter, update, { upsert, returnDocument: 'before' })
    if (before === null) return upsert ? 'inserted' : 'missed'
    return { before }
  }

  /** Makes the way free for a write that met a duplicate key, or notes what it has to do without. */
  async function settleFor(
    write: Write,
    set: Document,
    others: Filter<Document>,
    error: Error,
    lost: Set<string>,
  ) {
    const contender = { version: write.version, synced: set, others }
    const settled = await settle(error, collection, uniqueness, contender)
    if (settled !== 'row-exists' && settled.lost !== null) lost.add(settled.lost)
    return settled
  }

  return {
    find,

    /** Creates the row or, unless it holds a higher version, fills it. */
    async apply(write: Write): Promise<{ document: Document; outcome: ApplyOutcome }> {
      const { clerkId, version } = write
      const lost = new Set<string>()
      let known: Document | null = null
      for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        const isNew = known === null
        const deleted = known?.deletedAt instanceof Date
        const set = await fields(write, lost, deleted)
        // What a new row may not have is no reason to take it from one that appears meanwhile: then, only insert.
        const onlyInsert = isNew && lost.size > 0
        const result = await orDuplicate(
          onlyInsert ? insert(write, set) : overwrite(write, set, deleted, isNew),
        )
        if (typeof result === 'object' && 'before' in result) {
          const document = changed(result.before, set)
          return { document, outcome: isDeepStrictEqual(document, result.before) ? 'unchanged' : 'updated' }
        }
        // A duplicate key says nothing about versions, and it may be the row's own: the row has to be looked at.
        known = await find(clerkId)
        if (known !== null && result === 'inserted') return { document: known, outcome: 'created' }
        if (known !== null && versionOf(known) > version) return { document: known, outcome: 'stale' }
        if (isNew && known !== null) lost.clear()
        // An update that fails has matched, so its version counts; an insert counts where there is no row.
        else if (typeof result === 'object') {
          await settleFor(write, set, { clerkId: { $ne: clerkId } }, result.error, lost)
        }
      }
      throw exhausted()
    },

    /** Creates the row unless there is one. */
    async create(write: Write): Promise<{ document: Document; created: boolean }> {
      const { clerkId } = write
      const lost = new Set<string>()
      for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        const set = await fields(write, lost, false)
        const result = await orDuplicate(insert(write, set))
        const document = await find(clerkId)
        if (document !== null) return { document, created: result === 'inserted' }
        if (typeof result === 'object' && 'error' in result) {
          await settleFor(write, set, { clerkId: { $ne: clerkId } }, result.error, lost)
        }
      }
      throw exhausted()
    },

    /** Writes a snapshot over one row, found by its `_id` and a condition. `null`: it is not so, or `clerkId` has a row. */
    async fill(row: Document, condition: Filter<Document>, write: Write): Promise<Document | null> {
      const where = { $and: [{ _id: { $eq: row._id } }, condition] } as Filter<Document>
      const others = { _id: { $ne: row._id } } as Filter<Document>
      const lost = new Set<string>()
      for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        const set = { ...(await fields(write, lost, row.deletedAt instanceof Date)), clerkId: write.clerkId }
        try {
          const before = await collection.findOneAndUpdate(where, changes(set), { returnDocument: 'before' })
          return before === null ? null : changed(before, set)
        } catch (error) {
          if (!isDuplicateKey(error)) throw error
          if ((await settleFor(write, set, others, error, lost)) === 'row-exists') return null
        }
      }
      throw exhausted()
    },

    /** Deletes the row, or makes one that only says so. The earliest deletion stays. */
    async remove(
      clerkId: string,
      at: number,
      derived: Document = {},
      onInsert: Document = {},
    ): Promise<Document> {
      const deletedAt = new Date(at)
      const set: Document = { ...derived, deletedAt }
      for (const column of await uniqueness.unique.columns()) Object.assign(set, uniqueness.empty(column))
      const contender = { version: 0, synced: {}, others: {} }
      for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        try {
          await collection.updateOne(
            { clerkId: { $eq: clerkId }, deletedAt: { $eq: null } },
            { ...changes(set), $setOnInsert: additions({ onInsert: { version: 0, ...onInsert } }, set) },
            { upsert: true },
          )
        } catch (error) {
          await settle(error, collection, uniqueness, contender)
          await collection.updateOne(
            { clerkId: { $eq: clerkId }, deletedAt: { $gt: deletedAt } },
            changes(set),
          )
        }
        const document = await find(clerkId)
        if (document?.deletedAt instanceof Date && document.deletedAt.getTime() <= at) return document
      }
      throw exhausted()
    },
  }
}
