import type { RowPage } from '@acme/clerk-core/store'
import type { Document } from 'mongodb'
import type { MappedCollection } from './mapped-collection.js'

/** Rows that have a Clerk id, in the order of its index. */
export const pageOfRows = (collection: MappedCollection, { after, limit }: RowPage): Promise<Document[]> =>
  collection
    .find({ clerkId: { $gt: after ?? '' } })
    .sort({ clerkId: 1 })
    .limit(limit)
    .toArray()
