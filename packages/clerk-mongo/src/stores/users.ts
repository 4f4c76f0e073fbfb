import {
  type ApplyOutcome,
  checkActivity,
  checkIds,
  checkLocalId,
  checkPurge,
  checkRowPage,
  checkText,
  checkTime,
  checkUser,
  checkUsers,
  ERASED_VERSION,
  foldAddress,
  isSameAddress,
  isSameExternalId,
  type LinkBy,
  planBatch,
  type UserSnapshot,
  type UserStore,
} from '@acme/clerk-core/store'
import type { Document, Filter } from 'mongodb'
import { changes, raises } from '../collection/changes.js'
import { reach } from '../collection/errors.js'
import type { MappedCollection } from '../collection/mapped-collection.js'
import { pageOfRows } from '../collection/page-of-rows.js'
import type { Uniqueness } from '../collection/resolve-conflict.js'
import { uniqueColumns } from '../collection/unique-columns.js'
import { versioned, type Write } from '../collection/versioned.js'
import {
  ERASED,
  emptiedUser,
  growingTimes,
  NEW_USER,
  UNIQUE_USER_FIELDS,
  userDocument,
  userRow,
  whileBare,
} from '../documents/user-document.js'
import type { MongoStoreOptions } from '../options.js'
import type { MongoUser } from '../rows.js'
import { withExternalId } from './external-ids.js'

const BATCH = 500

export type MongoUserStore<U extends MongoUser<unknown>> = Required<UserStore<U>>

/** @param ready rejects when the collection is not fit for use */
export function mongoUsers<U extends MongoUser<unknown>>(
  collection: MappedCollection,
  {
    newId,
    create,
    externalIdColumn = '_id',
  }: Pick<MongoStoreOptions<object, unknown>, 'newId' | 'create' | 'externalIdColumn'>,
  ready: () => Promise<void>,
): MongoUserStore<U> {
  const uniqueness: Uniqueness = {
    unique: uniqueColumns(collection, UNIQUE_USER_FIELDS),
    empty: emptiedUser,
    holding: (column, value) => [
      { [column]: { $eq: value } },
      // The index may compare without case: by a collation, or on `emailLower` itself.
      ...(column === 'email' ? [{ emailLower: { $eq: foldAddress(String(value)) } }] : []),
    ],
  }
  const rows = versioned(collection, uniqueness)
  const { columns } = collection
  const bare = whileBare((field) => columns.has(field))
  const row = (document: Document): U => userRow<U>(columns.named(document))

  const writeOf = (snapshot: UserSnapshot): Write => ({
    clerkId: snapshot.clerkId,
    version: snapshot.version,
    synced: userDocument(snapshot),
    growing: columns.stored(growingTimes(snapshot)),
    ...(snapshot.version === 0 && { whileBare: bare }),
  })
  const onInsert = (snapshot: UserSnapshot): Document => ({
    ...(newId === undefined ? {} : { _id: newId() }),
    // The switch is the application's from the first moment: its own columns may say otherwise.
    ...NEW_USER,
    ...columns.given(create?.(snapshot) ?? {}),
  })

  const wholeWrite = (snapshot: UserSnapshot): Write => ({
    ...writeOf(snapshot),
    onInsert: onInsert(snapshot),
  })
  const apply = (snapshot: UserSnapshot) => rows.apply(wholeWrite(snapshot))
  const findMany = (clerkIds: readonly string[]) =>
    collection.find({ clerkId: { $in: [...clerkIds] } }).toArray()
  const applyEach = (part: readonly UserSnapshot[], known: readonly Document[]) =>
    rows.applyEach(part.map(wholeWrite), new Map(known.map((document) => [document.clerkId, document])))

  return {
    async findByClerkId(clerkId) {
      checkText(clerkId, 'clerkId')
      const document = await reach(() => rows.find(clerkId))
      return document === null ? null : row(document)
    },

    async apply(snapshot) {
      checkUser(snapshot)
      const { document, outcome } = await reach(() => apply(snapshot))
      return { user: row(document), outcome }
    },

    applyMany: (snapshots) =>
      reach(async () => {
        checkUsers(snapshots)
        const known = await findMany(snapshots.map(({ clerkId }) => clerkId))
        const outcomes: ApplyOutcome[] = []
        for (const part of planBatch(snapshots, known.map(row))) {
          const decided = part.length > 1 ? await applyEach(part, known) : []
          for (const [index, snapshot] of part.entries()) {
            const { outcome = null, mayBeWritten = false } = decided[index] ?? {}
            const applied = outcome ?? (await apply(snapshot)).outcome
            outcomes.push(mayBeWritten && applied === 'unchanged' ? 'updated' : applied)
          }
        }
        return outcomes
      }),

    findMany: (clerkIds) =>
      reach(async () => {
        checkIds(clerkIds)
        return (await findMany(clerkIds)).map(row)
      }),

    list: (page) =>
      reach(async () => {
        checkRowPage(page)
        return (await pageOfRows(collection, page)).map(row)
      }),

    unstored: async () => columns.unstored(),

    async remove(clerkId, at) {
      checkText(clerkId, 'clerkId')
      checkTime(at, 'at')
      // The documents may need the application's own columns in a record of a deletion as well.
      const bare = onInsert({ clerkId, version: 0 })
      return row(await reach(() => rows.remove(clerkId, at, bare)))
    },

    async touch(clerkId, activity) {
      checkText(clerkId, 'clerkId')
      checkActivity(activity)
      const times = columns.stored(growingTimes(activity))
      if (Object.keys(times).length === 0) return
      // A purged row stays empty.
      const alive = { clerkId: { $eq: clerkId }, version: { $not: { $gte: ERASED_VERSION } } }
      await reach(() => collection.updateOne(alive, raises(times)))
    },

    async findLinkable(by) {
      if ('externalId' in by) {
        checkText(by.externalId, 'externalId')
        const unlinked = { clerkId: { $eq: null }, deletedAt: { $eq: null } }
        const found = await reach(() => withExternalId(collection, externalIdColumn, by.externalId, unlinked))
        return found.map(row)
      }
      const { email } = by
      checkText(email, 'email')
      const address = foldAddress(email)
      const byAddress = [
        { emailLower: { $eq: address } },
        // An outdated `emailLower`, where the application changes addresses.
        { email: { $in: [...new Set([email, address])] } },
        // Rows of the application have none until `normalizeEmails()`.
        { emailLower: { $eq: null }, email: { $regex: `^${escapeRegExp(address)}$`, $options: 'i' } },
      ]
      const found = await reach(() =>
        collection.find({ $or: byAddress, clerkId: { $eq: null }, deletedAt: { $eq: null } }).toArray(),
      )
      // `emailLower` may be out of date where the application changes addresses: the address itself decides.
      return found.map(row).filter((one) => isSameAddress(one.email, email))
    },

    async link(id, snapshot, by = 'verified-email') {
      checkLocalId(id, isBsonType)
      checkUser(snapshot)
      return reach(async () => {
        const document = await collection.findOne({ _id: { $eq: id } } as Filter<Document>)
        // What it is linked by may change hands until the write.
        const field = by === 'external-id' ? columns.field(externalIdColumn) : 'email'
        if (document === null) return null
        const value = by === 'external-id' ? columns.value(document, externalIdColumn) : document.email
        if (!mayLink(value, snapshot, by)) return null
        const unchanged = {
          clerkId: { $eq: null },
          deletedAt: { $eq: null },
          [field]: { $eq: value },
        }
        const linked = await rows.attach(document, unchanged, writeOf(snapshot))
        return linked === null ? null : row(linked)
      })
    },

    async purge(before, now = Date.now()) {
      checkPurge(before, now)
      const due: Filter<Document> = {
        deletedAt: { $lt: new Date(before) },
        version: { $not: { $gte: ERASED_VERSION } },
        clerkId: { $gt: '' },
      }
      return reach(() => eraseInBatches(collection, due))
    },

    ping: () => reach(ready),
  }
}

const mayLink = (stored: unknown, { email, externalId }: UserSnapshot, by: LinkBy): boolean =>
  by === 'external-id'
    ? externalId != null && isSameExternalId(stored, externalId)
    : email != null && isSameAddress(stored, email)

/** A type of the driver's for `_id`. Parsed JSON can claim to be one (`_bsontype`), but only as a plain object. */
const isBsonType = (id: object) => !Object.hasOwn(id, '_bsontype') && '_bsontype' in id

const escapeRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

async function eraseInBatches(collection: MappedCollection, due: Filter<Document>): Promise<number> {
  let erased = 0
  for (;;) {
    const batch = await collection
      .find(due, { projection: { _id: 1 } })
      .limit(BATCH)
      .toArray()
    if (batch.length === 0) return erased
    const ids = batch.map(({ _id }) => _id)
    const { modifiedCount } = await collection.updateMany(
      { $and: [{ _id: { $in: ids } }, due] },
      changes(ERASED),
    )
    erased += modifiedCount
  }
}
