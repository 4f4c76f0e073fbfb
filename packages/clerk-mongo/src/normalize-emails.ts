import { foldAddress } from '@acme/clerk-core/store'
import type { MappedCollection } from './collection/mapped-collection.js'

const BATCH = 500

/**
 * Gives every row the lower-cased address by which it is found for linking. An address that
 * changed since it was read is left alone.
 */
export async function normalizeEmails(collection: MappedCollection): Promise<number> {
  let changed = 0
  let batch: Parameters<MappedCollection['updateEach']>[0][number][] = []
  const flush = async () => {
    if (batch.length > 0) changed += await collection.updateEach(batch)
    batch = []
  }
  const rows = collection.find({}, { projection: { email: 1, emailLower: 1 }, batchSize: BATCH })
  for await (const { _id, email, emailLower } of rows) {
    if (typeof email !== 'string' || emailLower === foldAddress(email)) continue
    const filter = { _id: { $eq: _id }, email: { $eq: email } }
    batch.push({ filter, update: { $set: { emailLower: foldAddress(email) } } })
    if (batch.length === BATCH) await flush()
  }
  await flush()
  return changed
}
