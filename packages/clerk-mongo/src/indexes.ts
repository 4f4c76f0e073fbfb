import { ConfigurationError, type ConfigurationProblem } from '@acme/clerk-core'
import type { StoreFinding } from '@acme/clerk-core/store'
import { StoreFaultError } from '@acme/clerk-core/store'
import type { CreateIndexesOptions, Document } from 'mongodb'
import { type ExistingIndex, indexesOf } from './collection/indexes-of.js'
import type { MappedCollection } from './collection/mapped-collection.js'
import { UNIQUE_USER_FIELDS } from './documents/user-document.js'
import {
  confusing,
  holdsAllValues,
  ignoresDifferences,
  inShell,
  lockOut,
  locksOut,
  servesQueries,
} from './index-problems.js'
import { inspectValidator } from './validator-problems.js'

interface Index {
  key: Record<string, 1 | -1>
  options?: Pick<CreateIndexesOptions, 'unique' | 'sparse'>
}

/** An index for every query of the stores, by collection. `clerkId` is sparse: rows of the application's own have none. */
export const INDEXES = {
  users: [
    { key: { clerkId: 1 }, options: { unique: true, sparse: true } },
    { key: { email: 1 } },
    { key: { emailLower: 1, email: 1 } },
    { key: { deletedAt: 1, version: 1 } },
  ],
  organizations: [{ key: { clerkId: 1 }, options: { unique: true, sparse: true } }],
  memberships: [
    { key: { clerkId: 1 }, options: { unique: true, sparse: true } },
    { key: { orgId: 1, userId: 1, createdAt: -1 } },
    { key: { orgId: 1, createdAt: 1 } },
    { key: { userId: 1, createdAt: 1 } },
  ],
  roles: [{ key: { clerkId: 1 }, options: { unique: true, sparse: true } }, { key: { key: 1 } }],
  invitations: [{ key: { clerkId: 1 }, options: { unique: true, sparse: true } }],
  inbox: [
    { key: { status: 1, dueAt: 1 } },
    { key: { receivedAt: -1, _id: -1 } },
    { key: { status: 1, receivedAt: -1, _id: -1 } },
    { key: { type: 1, receivedAt: -1, _id: -1 } },
    { key: { subjects: 1 } },
    { key: { finishedAt: 1 } },
  ],
  changes: [{ key: { at: 1, _id: 1 } }, { key: { narrowing: 1, _id: 1 } }, { key: { narrows: 1, _id: 1 } }],
} satisfies Record<string, readonly Index[]>

export type CollectionKey = keyof typeof INDEXES
export type Collections = Record<CollectionKey, MappedCollection>

/** Fields that may be unique, and which of the documents may lack. */
const MAY_BE_UNIQUE: Partial<Record<CollectionKey, readonly string[]>> = {
  users: Object.keys(UNIQUE_USER_FIELDS),
  organizations: ['slug'],
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** Comparisons that an index inherits from its collection, which the index of `_id` has as well. */
const defaultCollation = (there: readonly ExistingIndex[]) =>
  there.find(({ key }) => same(key, { _id: 1 }))?.collation

/** An index of the database that does what one of ours would. */
function serving(there: readonly ExistingIndex[], key: Document): ExistingIndex | undefined {
  const inherited = defaultCollation(there)
  return there.find(
    (index) => same(index.key, key) && same(index.collation, inherited) && servesQueries(index),
  )
}

/** Whether an index keeps two rows from having one `clerkId`, and takes no two ids for one. */
const keepsIdsUnique = (index: ExistingIndex) =>
  index.isUnique &&
  same(index.fields, ['clerkId']) &&
  holdsAllValues(index) &&
  !ignoresDifferences(index.collation)

/** What in the application's own indexes will refuse a write of the store, or mislead a query. */
function ofTheApplication(
  name: CollectionKey,
  { collectionName }: MappedCollection,
  there: readonly ExistingIndex[],
): StoreFinding[] {
  const lockingOut = there.filter(
    (index) => MAY_BE_UNIQUE[name]?.includes(index.fields[0] ?? '') && locksOut(index),
  )
  return [
    ...(ignoresDifferences(defaultCollation(there)) ? [confusing(collectionName)] : []),
    ...lockingOut.map((index) => lockOut(collectionName, index)),
  ]
}

/** About an index that stands where a unique one of ours has to. */
const notUnique = ({ collectionName }: MappedCollection, index: ExistingIndex): StoreFinding => ({
  severity: 'error',
  message: `The index \`${index.name}\` of \`${collectionName}\` must be unique for every value, compared by character.`,
  remedy: `Run in the shell: ${inShell(collectionName)}.dropIndex(${JSON.stringify(index.name)}). Then call ensureIndexes() again.`,
})

const missing = (
  { collectionName, columns }: MappedCollection,
  { key, options }: Index,
): StoreFinding & { column: string } => {
  const column = Object.keys(columns.keys(key)).join(', ')
  const kind = options?.unique === true ? 'unique index' : 'index'
  return {
    severity: options?.unique === true ? 'error' : 'warning',
    message: `The collection \`${collectionName}\` has no ${kind} on \`${column}\`.`,
    remedy: 'Call ensureIndexes() once, when you deploy.',
    column,
  }
}

const isServed = (collection: MappedCollection, there: readonly ExistingIndex[], { key, options }: Index) =>
  options?.unique === true
    ? there.some(keepsIdsUnique)
    : serving(there, collection.columns.keys(key)) !== undefined

/**
 * Creates what is missing. An index of the application's with the same key serves as well. What is wrong with the
 * application's own indexes is said at the end, so that it keeps none of ours from being made.
 *
 * @throws {ConfigurationError}
 */
export async function ensureIndexes(collections: Collections): Promise<void> {
  const problems: ConfigurationProblem[] = []
  for (const name of Object.keys(INDEXES) as CollectionKey[]) {
    const collection = collections[name]
    const there = await indexesOf(collection)
    const found = ofTheApplication(name, collection, there)
    for (const index of INDEXES[name] as readonly Index[]) {
      if (isServed(collection, there, index)) continue
      const key = collection.columns.keys(index.key)
      const inTheWay = index.options?.unique === true && there.find((other) => same(other.key, key))
      if (inTheWay) found.push(notUnique(collection, inTheWay))
      else await collection.createIndex(index.key, { ...index.options, name: nameOf(index.key) })
    }
    problems.push(...found.map(({ message, remedy }) => ({ option: `mongoStore ${name}`, message, remedy })))
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
}

/**
 * What in the database will refuse a write: indexes that are wrong or missing, and fields that validators require.
 *
 * @param given what `create` answers for a user of whom nothing is known
 */
export async function inspect(
  collections: Partial<Collections>,
  given?: () => object,
): Promise<StoreFinding[]> {
  const found: StoreFinding[] = []
  for (const [name, collection] of Object.entries(collections) as [CollectionKey, MappedCollection][]) {
    const there = await indexesOf(collection)
    const absent = (INDEXES[name] as readonly Index[]).filter((index) => !isServed(collection, there, index))
    for (const index of absent) {
      const { column: _, ...finding } = missing(collection, index)
      found.push(finding)
    }
    found.push(...ofTheApplication(name, collection, there))
    // A collection that is not there yet has no options.
    if (there.length > 0) found.push(...(await inspectValidator(collection, given)))
  }
  return found
}

/**
 * Without unique ids two processes that see a new user at once would make two rows.
 *
 * @throws {StoreFaultError}
 */
export async function checkIndexes(collection: MappedCollection): Promise<void> {
  const there = await indexesOf(collection)
  if (there.some(keepsIdsUnique)) return
  const { column, message, remedy } = missing(collection, { key: { clerkId: 1 }, options: { unique: true } })
  throw new StoreFaultError({
    ...{ fault: 'missing', driverCode: 'index', model: collection.collectionName, field: column },
    remedy: `${message} ${remedy}`,
  })
}

const nameOf = (key: Index['key']) => `clerk_${Object.keys(key).join('_')}`
