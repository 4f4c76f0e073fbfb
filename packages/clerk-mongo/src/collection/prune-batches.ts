import type { Document, Filter } from 'mongodb'
import type { MappedCollection } from './mapped-collection.js'

const BATCH = 1000

/** Deletes every document whose time in this field is before the given one. Answers how many there were. */
export async function pruneBatches(
  collection: MappedCollection,
  field: string,
  before: Date,
): Promise<number> {
  // By type: no document without a time is before any.
  const old = { [field]: { $lt: before } } as Filter<Document>
  for (let pruned = 0; ; ) {
    const batch = await collection
      .find(old, { projection: { _id: 1 } })
      .limit(BATCH)
      .toArray()
    if (batch.length === 0) return pruned
    // Asked again: an event that had failed may have been claimed since.
    pruned += await collection.deleteMany({ _id: { $in: batch.map(({ _id }) => _id) }, ...old })
  }
}
