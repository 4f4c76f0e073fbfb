import { isDeepStrictEqual } from 'node:util'
import type { ApplyOutcome } from '@acme/clerk-core'
import type { Collection, Document, Filter } from 'mongodb'
import { changed, changes, present, versionOf } from './changes.js'
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
const additions = ({ onInsert = {} }: Write, taken: Document): Document =>
  present(Object.fromEntries(Object.entries(onInsert).filter(([name]) => !(name in taken))))

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

  /** Runs a write until no unique value stands in its way. `'row-exists'`: another row has this `clerkId`. */
  async function contend<T>(
    write: Write,
    others: Filter<Document>,
    deleted: boolean,
    attempt: (set: Document) => Promise<T>,
  ): Promise<T | 'row-exists'> {
    const lost = new Set<string>()
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
      const set = await fields(write, lost, deleted)
      try {
        return await attempt(set)
      } catch (error) {
        const settled = await settle(error, collection, uniqueness, {
          version: write.version,
          synced: set,
          others,
        })
        if (settled === 'row-exists') return settled
        if (settled.lost !== null) lost.add(settled.lost)
      }
    }
    throw exhausted()
  }

  return {
    find,

    /** Creates the row or, unless it holds a higher version, fills it. */
    async apply(write: Write): Promise<{ document: Document; outcome: ApplyOutcome }> {
      const { clerkId, version } = write
      let known: Document | null = null
      for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        const upsert = known === null
        const deleted = known?.deletedAt instanceof Date
        const result = await contend(write, { clerkId: { $ne: clerkId } }, deleted, async (set) => {
          const filter: Filter<Document> = {
            clerkId: { $eq: clerkId },
            // "Not higher", since a row that the application gave its clerkId has no version.
            version: { $not: { $gt: version } },
            deletedAt: deleted ? { $ne: null } : { $eq: null },
          }
          const update = {
            ...changes(set),
            ...(upsert ? { $setOnInsert: additions(write, { ...filter, ...set }) } : {}),
          }
          return {
            set,
            before: await collection.findOneAndUpdate(filter, update, { upsert, returnDocument: 'before' }),
          }
        })
        if (result !== 'row-exists' && result.before !== null) {
          const document = changed(result.before, result.set)
          return { document, outcome: isDeepStrictEqual(document, result.before) ? 'unchanged' : 'updated' }
        }
        // Nothing matched, or a duplicate key, which says nothing about versions: the row has to be looked at.
        known = await find(clerkId)
        if (known === null) continue
        if (result !== 'row-exists' && upsert) return { document: known, outcome: 'created' }
        if (versionOf(known) > version) return { document: known, outcome: 'stale' }
      }
      throw exhausted()
    },

    /** Creates the row unless there is one. */
    async create(write: Write): Promise<{ document: Document; created: boolean }> {
      const { clerkId } = write
      for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        const result = await contend(write, { clerkId: { $ne: clerkId } }, false, (set) =>
          collection.updateOne(
            { clerkId: { $eq: clerkId } },
            { $setOnInsert: { ...additions(write, { clerkId, ...set }), ...present(set) } },
            { upsert: true },
          ),
        )
        const document = await find(clerkId)
        if (document !== null)
          return { document, created: result !== 'row-exists' && result.upsertedCount > 0 }
      }
      throw exhausted()
    },

    /** Writes a snapshot over one row, found by its `_id` and a condition. `null`: it is not so, or `clerkId` has a row. */
    async fill(row: Document, condition: Filter<Document>, write: Write): Promise<Document | null> {
      const where = { $and: [{ _id: { $eq: row._id } }, condition] } as Filter<Document>
      const others = { _id: { $ne: row._id } } as Filter<Document>
      const result = await contend(write, others, row.deletedAt instanceof Date, async (set) => {
        const linked = { ...set, clerkId: write.clerkId }
        const before = await collection.findOneAndUpdate(where, changes(linked), { returnDocument: 'before' })
        return before === null ? null : changed(before, linked)
      })
      return result === 'row-exists' ? null : result
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
            { ...changes(set), $setOnInsert: { version: 0, ...onInsert } },
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
