import { StoreFaultError } from '@acme/clerk-core/store'
import type { Document } from 'mongodb'
import type { MappedCollection } from './mapped-collection.js'

/** An index of the database, as far as the stores look at it. */
export interface ExistingIndex {
  readonly name: string
  /** By names of the documents: `{ email: 1 }`. */
  readonly key: Document
  /** The fields of the key under the stores' names. */
  readonly fields: readonly string[]
  readonly isUnique: boolean
  readonly isSparse: boolean
  readonly partialFilter: Document | undefined
  readonly collation: Document | undefined
}

/** A collection that has no document yet has no indexes either (`NamespaceNotFound`). */
const isNoCollection = (error: unknown) => error instanceof StoreFaultError && error.driverCode === '26'

export async function indexesOf(collection: MappedCollection): Promise<ExistingIndex[]> {
  const indexes = await collection.indexes().catch((error: unknown) => {
    if (isNoCollection(error)) return []
    throw error
  })
  return indexes.map(({ name, key, unique, sparse, partialFilterExpression, collation }) => ({
    name: String(name),
    key,
    fields: Object.keys(key).map((column) => collection.columns.field(column)),
    isUnique: unique === true,
    isSparse: sparse === true,
    partialFilter: partialFilterExpression,
    collation,
  }))
}
