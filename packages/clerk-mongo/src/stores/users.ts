import { StoreInputError } from '@acme/clerk-core'
import type { UserSnapshot, UserStore } from '@acme/clerk-core/store'
import type { Collection, Document, Filter } from 'mongodb'
import { changes } from '../collection/changes.js'
import { reach } from '../collection/errors.js'
import { checkId, checkText, checkTime, checkVersion } from '../collection/input.js'
import type { Uniqueness } from '../collection/settle.js'
import { uniqueColumns } from '../collection/unique-columns.js'
import { versioned, type Write } from '../collection/versioned.js'
import {
  BARE_USER,
  emptyUserColumn,
  isBareUser,
  SYNCED_USER_FIELDS,
  UNIQUE_USER_FIELDS,
  userDocument,
  userRow,
} from '../documents/user-document.js'
import type { MongoStoreOptions } from '../options.js'
import type { MongoUser } from '../rows.js'

const WEEK_MS = 7 * 24 * 3600 * 1000
const BATCH = 500

/** What an erased row holds: a version that nothing outbids, so that no late event fills it again. */
const ERASED: Document = {
  ...Object.fromEntries(SYNCED_USER_FIELDS.map((field) => [field, null])),
  emailVerified: false,
  version: Number.MAX_SAFE_INTEGER,
}

export type MongoUserStore<U extends MongoUser<unknown>> = Required<UserStore<U>>

/** @param ready rejects when the collection is not fit for use */
export function mongoUsers<U extends MongoUser<unknown>>(
  collection: Collection,
  { newId, create }: Pick<MongoStoreOptions<object, unknown>, 'newId' | 'create'>,
  ready: () => Promise<void>,
): MongoUserStore<U> {
  const uniqueness: Uniqueness = {
    unique: uniqueColumns(collection, UNIQUE_USER_FIELDS),
    empty: emptyUserColumn,
    holding: (column, value) => [
      { [column]: { $eq: value } },
      // The index may compare without case: by a collation, or on `emailLower` itself.
      ...(column === 'email' ? [{ emailLower: { $eq: String(value).toLowerCase() } }] : []),
    ],
  }
  const rows = versioned(collection, uniqueness)

  const writeOf = (snapshot: UserSnapshot): Write => ({
    clerkId: snapshot.clerkId,
    version: snapshot.version,
    synced: userDocument(snapshot),
    derived: (deleted) => ({ isActive: !deleted && !snapshot.banned }),
  })
  const onInsert = (snapshot: UserSnapshot): Document => ({
    ...(newId === undefined ? {} : { _id: newId() }),
    ...create?.(snapshot),
  })

  /** Claims create a row, or fill one that has nothing but its id. */
  async function applyClaims(snapshot: UserSnapshot) {
    const write = writeOf(snapshot)
    const { document, created } = await rows.create({ ...write, onInsert: onInsert(snapshot) })
    if (created) return { user: userRow<U>(document), outcome: 'created' as const }
    const filled = isBareUser(document) ? await rows.fill(document, BARE_USER, write) : null
    if (filled !== null) return { user: userRow<U>(filled), outcome: 'updated' as const }
    return { user: userRow<U>(document), outcome: 'unchanged' as const }
  }

  return {
    async findByClerkId(clerkId) {
      checkText(clerkId, 'clerkId')
      const document = await reach(() => rows.find(clerkId))
      return document === null ? null : userRow<U>(document)
    },

    async apply(snapshot) {
      checkText(snapshot.clerkId, 'clerkId')
      checkVersion(snapshot.version)
      return reach(async () => {
        if (snapshot.version === 0) return applyClaims(snapshot)
        const { document, outcome } = await rows.apply({ ...writeOf(snapshot), onInsert: onInsert(snapshot) })
        return { user: userRow<U>(document), outcome }
      })
    },

    async remove(clerkId, at) {
      checkText(clerkId, 'clerkId')
      checkTime(at, 'at')
      const empty = { emailVerified: false, banned: false, locked: false }
      const onInsert = newId === undefined ? empty : { ...empty, _id: newId() }
      return userRow<U>(await reach(() => rows.remove(clerkId, at, { isActive: false }, onInsert)))
    },

    async findLinkable(email) {
      checkText(email, 'email')
      const address = email.toLowerCase()
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
      return found
        .map((document) => userRow<U>(document))
        .filter((row) => row.email?.toLowerCase() === address)
    },

    async link(id, snapshot) {
      checkId(id)
      checkText(snapshot.clerkId, 'clerkId')
      checkVersion(snapshot.version)
      const free = { clerkId: { $eq: null }, deletedAt: { $eq: null } }
      return reach(async () => {
        const document = await collection.findOne({ _id: { $eq: id } } as Filter<Document>)
        if (document === null || typeof document.email !== 'string' || snapshot.email === null) return null
        if (document.email.toLowerCase() !== snapshot.email.toLowerCase()) return null
        // The address may change hands until the write.
        const unmoved = { ...free, email: { $eq: document.email } }
        const linked = await rows.fill(document, unmoved, writeOf(snapshot))
        return linked === null ? null : userRow<U>(linked)
      })
    },

    async purge(before, now = Date.now()) {
      checkTime(before, 'before')
      checkTime(now, 'now')
      if (before > now - WEEK_MS) {
        throw new StoreInputError(
          'before must be at least 7 days ago: late events would find nothing to lose to.',
        )
      }
      const due: Filter<Document> = {
        deletedAt: { $lt: new Date(before) },
        version: { $not: { $gte: Number.MAX_SAFE_INTEGER } },
        clerkId: { $gt: '' },
      }
      return reach(() => eraseInBatches(collection, due))
    },

    ping: () => reach(ready),
  }
}

const escapeRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

async function eraseInBatches(collection: Collection, due: Filter<Document>): Promise<number> {
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
