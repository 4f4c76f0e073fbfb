import { isDeepStrictEqual } from 'node:util'
import {
  type ApplyOutcome,
  decideApply,
  ERASED_VERSION,
  isBareUser,
  tooManyWriters,
} from '@acme/clerk-core/store'
import type { Document, Filter } from 'mongodb'
import { changed, changes, present, raised, raises, versionOf } from './changes.js'
import { isDuplicateKey } from './errors.js'
import type { MappedCollection } from './mapped-collection.js'
import { resolveConflict, type Uniqueness } from './resolve-conflict.js'

/** What a snapshot writes. `null` means that the row has no such field. */
export interface Write {
  clerkId: string
  version: number
  synced: Document
  /** More fields, where they depend on the row: they are written only while it matches. */
  depending?: (known: Document | null) => { synced: Document; filter: Filter<Document> }
  /** Dates that are written where the row has an earlier one or none, whatever the versions. */
  growing?: Document
  /** Only in a row that is created. */
  onInsert?: Document
  /** Of a user built from claims: that a row has nothing but its id. No other row is written over. */
  whileBare?: Filter<Document>
}

/** Each repetition means that another writer got ahead. So many in a row are an outage. */
const MAX_ATTEMPTS = 50

/** So many duplicates of a value that no row is found to hold: the index compares in a way that no query can ask for. */
const NO_HOLDER_ATTEMPTS = 10

/** The application's columns of a new row, without those that are not its to set. */
const additions = ({ onInsert = {} }: Pick<Write, 'onInsert'>, taken: Document): Document =>
  present(Object.fromEntries(Object.entries(onInsert).filter(([name]) => !Object.hasOwn(taken, name))))

/** What became of one of several snapshots. `outcome` is `null` where `apply` has to decide. */
export interface AppliedOfMany {
  readonly outcome: ApplyOutcome | null
  /** It may be this call that wrote what `apply` then finds unchanged. */
  readonly mayBeWritten: boolean
}

const OPEN: AppliedOfMany = { outcome: null, mayBeWritten: false }

interface Operation {
  readonly filter: Filter<Document>
  readonly update: Document
  readonly upsert: boolean
}

/** The row that is (not) deleted, unless its version is higher. */
const rowUpTo = ({ clerkId, version, whileBare }: Write, deleted: boolean): Filter<Document> => ({
  clerkId: { $eq: clerkId },
  // "Not higher", since a row that the application gave its clerkId has no version.
  version: { $not: { $gt: version } },
  deletedAt: deleted ? { $ne: null } : { $eq: null },
  ...whileBare,
})

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

/** The rules of all stores on one collection, in atomic writes of single documents. */
export function versioned(collection: MappedCollection, uniqueness: Uniqueness) {
  const exhausted = () => tooManyWriters(`one row of ${collection.collectionName}`)
  const find = (clerkId: string) => collection.findOne({ clerkId: { $eq: clerkId } })

  /** Everything that is written, without the unique values that the row may not have. */
  async function fields(write: Write, conceded: Iterable<string>, deleted: boolean): Promise<Document> {
    const { synced, version } = write
    const without = deleted ? await uniqueness.unique.columns() : conceded
    return collection.columns.stored({ ...synced, ...uniqueness.empty(without), version })
  }

  /** Makes the row, and leaves one that is there alone. */
  async function insert(write: Write, set: Document): Promise<Result> {
    const { clerkId } = write
    const $setOnInsert = { ...additions(write, { clerkId, ...set }), ...present(set), ...write.growing }
    const own = { clerkId: { $eq: clerkId } }
    const { upsertedCount } = await collection.updateOne(own, { $setOnInsert }, { upsert: true })
    return upsertedCount > 0 ? 'inserted' : 'missed'
  }

  /** Writes over a row that is (not) deleted, unless its version is higher. */
  async function overwrite(
    write: Write,
    set: Document,
    { deleted, upsert, filterOfRow }: { deleted: boolean; upsert: boolean; filterOfRow: Filter<Document> },
  ): Promise<Result> {
    const filter = { ...rowUpTo(write, deleted), ...filterOfRow }
    const update = {
      ...{ ...changes(set), ...raises(write.growing) },
      ...(upsert && { $setOnInsert: additions(write, { ...filter, ...set, ...write.growing }) }),
    }
    const before = await collection.findOneAndUpdate(filter, update, { upsert, returnDocument: 'before' })
    if (before === null) return upsert ? 'inserted' : 'missed'
    return { before }
  }

  /** Raises the times of a row and nothing else; an erased row stays erased. */
  async function raise(known: Document, growing: Document | undefined): Promise<Document> {
    const document = raised(known, growing)
    if (isDeepStrictEqual(document, known) || known.version === ERASED_VERSION) return known
    const notErased = { clerkId: { $eq: known.clerkId }, version: { $not: { $gte: ERASED_VERSION } } }
    const { matchedCount } = await collection.updateOne(notErased, raises(growing))
    return matchedCount === 0 ? known : document
  }

  /** Makes a contested value free for a write that met a duplicate key, or notes that it has to do without it. */
  async function resolve(
    { version }: Write,
    synced: Document,
    others: Filter<Document>,
    error: unknown,
    conceded: Set<string>,
    attempts: number,
  ) {
    const resolution = await resolveConflict(error, collection, uniqueness, { version, synced, others })
    if (typeof resolution === 'object') {
      const { status, column } = resolution
      // A value without a holder was freed in between, as a rule.
      if (status === 'conceded' || attempts >= NO_HOLDER_ATTEMPTS) conceded.add(column)
    }
    return resolution
  }

  /** What one of several writes does to the row as it was read. `null`: nothing is to be written. */
  async function planned(
    write: Write,
    known: Document | undefined,
  ): Promise<{ expected: ApplyOutcome; operation: Operation | null }> {
    const { clerkId, version, whileBare, growing } = write
    const own = { clerkId: { $eq: clerkId } }
    if (known === undefined) {
      const set = await fields(write, [], false)
      const $setOnInsert = { ...additions(write, { clerkId, ...set }), ...present(set), ...growing }
      return { expected: 'created', operation: { filter: own, update: { $setOnInsert }, upsert: true } }
    }
    const state = {
      version: versionOf(known),
      ...(whileBare && { isBare: isBareUser(collection.columns.ours(known)) }),
    }
    const decision = decideApply(state, version)
    if (decision === 'stale' || decision === 'unchanged') {
      const isRaised = !isDeepStrictEqual(raised(known, growing), known) && known.version !== ERASED_VERSION
      const filter = { ...own, version: { $not: { $gte: ERASED_VERSION } } }
      return {
        expected: decision,
        operation: isRaised ? { filter, update: raises(growing), upsert: false } : null,
      }
    }
    const deleted = known.deletedAt instanceof Date
    const set = await fields(write, [], deleted)
    if (isDeepStrictEqual(raised(changed(known, set), growing), known))
      return { expected: 'unchanged', operation: null }
    const filter = rowUpTo(write, deleted)
    return {
      expected: 'updated',
      operation: { filter, update: { ...changes(set), ...raises(growing) }, upsert: false },
    }
  }

  return {
    find,

    /**
     * `apply` for rows that have nothing to do with each other, in one write. Where another writer got ahead, or a unique
     * value is taken, `apply` has to decide.
     *
     * @param known the rows, as they were just read
     */
    async applyEach(
      writes: readonly Write[],
      known: ReadonlyMap<unknown, Document>,
    ): Promise<readonly AppliedOfMany[]> {
      const plans: Awaited<ReturnType<typeof planned>>[] = []
      for (const write of writes) plans.push(await planned(write, known.get(write.clerkId)))
      const operations = plans.flatMap(({ operation }) => operation ?? [])
      const decided = (outcome: ApplyOutcome): AppliedOfMany => ({ outcome, mayBeWritten: false })
      if (operations.length === 0) return plans.map(({ expected }) => decided(expected))
      const { inserted, refused, matched } = await collection.writeEach(operations)
      // Which ones did not match is not told: if one did not, each is asked again.
      const allMatched = matched === operations.length - inserted.size - refused.size
      let index = 0
      return plans.map(({ expected, operation }) => {
        if (operation === null) return decided(expected)
        const at = index++
        if (operation.upsert) return inserted.has(at) ? decided(expected) : OPEN
        // A time that only grows says nothing of the outcome.
        if (expected !== 'updated') return decided(expected)
        if (refused.has(at)) return OPEN
        return allMatched ? decided(expected) : { outcome: null, mayBeWritten: true }
      })
    },

    /** Creates the row or, where the rule of convergence lets it, writes over it. */
    async apply(write: Write): Promise<{ document: Document; outcome: ApplyOutcome }> {
      const { clerkId, version, whileBare } = write
      const conceded = new Set<string>()
      let known: Document | null = write.depending === undefined ? null : await find(clerkId)
      for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        const isNew = known === null
        const deleted = known?.deletedAt instanceof Date
        const { synced, filter } = write.depending?.(known) ?? { synced: {}, filter: {} }
        const set = { ...(await fields(write, conceded, deleted)), ...synced }
        // What a new row may not have is no reason to take it from one that appears meanwhile: then, only insert.
        const onlyInsert =
          isNew && (conceded.size > 0 || whileBare !== undefined || write.depending !== undefined)
        const result = await orDuplicate(
          onlyInsert
            ? insert(write, set)
            : overwrite(write, set, { deleted, upsert: isNew, filterOfRow: filter }),
        )
        if (typeof result === 'object' && 'before' in result) {
          const document = raised(changed(result.before, set), write.growing)
          return { document, outcome: isDeepStrictEqual(document, result.before) ? 'unchanged' : 'updated' }
        }
        // A duplicate key says nothing about versions, and it may be the row's own: the row has to be looked at.
        known = await find(clerkId)
        if (known !== null) {
          if (result === 'inserted') return { document: known, outcome: 'created' }
          const state = {
            version: versionOf(known),
            ...(whileBare && { isBare: isBareUser(collection.columns.ours(known)) }),
          }
          const decision = decideApply(state, version)
          if (decision === 'stale' || decision === 'unchanged') {
            return { document: await raise(known, write.growing), outcome: decision }
          }
        }
        if (isNew && known !== null) conceded.clear()
        // An update that fails has matched, so its version counts; an insert counts where there is no row.
        else if (typeof result === 'object') {
          await resolve(write, set, { clerkId: { $ne: clerkId } }, result.error, conceded, attempts)
        }
      }
      throw exhausted()
    },

    /**
     * Gives a row of the application's own its `clerkId` and the fields, while `condition` holds of it. `null`: it no
     * longer does, or the `clerkId` has a row.
     */
    async attach(row: Document, condition: Filter<Document>, write: Write): Promise<Document | null> {
      const where = { $and: [{ _id: { $eq: row._id } }, condition] } as Filter<Document>
      const others = { _id: { $ne: row._id } } as Filter<Document>
      const conceded = new Set<string>()
      for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        const set = { ...(await fields(write, conceded, false)), clerkId: write.clerkId }
        try {
          const update = { ...changes(set), ...raises(write.growing) }
          const before = await collection.findOneAndUpdate(where, update, { returnDocument: 'before' })
          return before === null ? null : raised(changed(before, set), write.growing)
        } catch (error) {
          if ((await resolve(write, set, others, error, conceded, attempts)) === 'row-exists') return null
        }
      }
      throw exhausted()
    },

    /** Deletes the row, or makes one that only says so. The earliest deletion stays. */
    async remove(clerkId: string, at: number, onInsert: Document = {}): Promise<Document> {
      const deletedAt = new Date(at)
      const set: Document = { deletedAt, ...uniqueness.empty(await uniqueness.unique.columns()) }
      const version = 0
      const $setOnInsert = { ...additions({ onInsert }, { clerkId, version, ...set }), version }
      for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        try {
          await collection.updateOne(
            { clerkId: { $eq: clerkId }, deletedAt: { $eq: null } },
            { ...changes(set), $setOnInsert },
            { upsert: true },
          )
        } catch (error) {
          await resolveConflict(error, collection, uniqueness, { version: 0, synced: {}, others: {} })
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
