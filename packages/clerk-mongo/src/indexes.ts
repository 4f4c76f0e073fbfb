import type { Collection, CreateIndexesOptions, Document } from 'mongodb'

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
  inbox: [{ key: { doneAt: 1, timestamp: 1 } }, { key: { appliedAt: 1 } }],
} satisfies Record<string, readonly Index[]>

export type Collections = Record<keyof typeof INDEXES, Collection>

const isNoCollection = (error: unknown) => error instanceof Error && 'code' in error && error.code === 26

async function existing(collection: Collection): Promise<Document[]> {
  return collection.indexes().catch((error: unknown) => {
    if (isNoCollection(error)) return []
    throw error
  })
}

const sameKey = (one: object, other: object) => JSON.stringify(one) === JSON.stringify(other)

/** Creates what is missing. An index of the application's with the same key serves as well. */
export async function ensureIndexes(collections: Collections): Promise<void> {
  for (const name of Object.keys(INDEXES) as (keyof typeof INDEXES)[]) {
    const collection = collections[name]
    const there = await existing(collection)
    for (const { key, options = {} } of INDEXES[name] as readonly Index[]) {
      const same = there.find((index) => sameKey(index.key, key) && index.collation === undefined)
      if (same === undefined) await collection.createIndex(key, { ...options, name: nameOf(key) })
      else if (options.unique === true && same.unique !== true)
        throw new Error(notUnique(collection, same.name))
    }
  }
}

/** Without unique ids two processes that see a new user at once would make two rows. */
export async function checkIndexes(collection: Collection): Promise<void> {
  const there = await existing(collection)
  if (!there.some(({ key, unique }) => unique === true && sameKey(key, { clerkId: 1 }))) {
    throw new Error(
      `The collection ${collection.collectionName} has no unique index on clerkId: call ensureIndexes() once, when you deploy.`,
    )
  }
}

const nameOf = (key: Index['key']) => `clerk_${Object.keys(key).join('_')}`

const notUnique = (collection: Collection, index: unknown) =>
  `The index ${String(index)} of ${collection.collectionName} must be unique: drop it, then call ensureIndexes() again.`
