import { ERASED_VERSION, type UserSnapshot } from '@acme/clerk-core/store'
import type { Collection, Document } from 'mongodb'

const ACTIVITY = ['lastSignInAt', 'lastActiveAt'] as const

/** When a user was last seen: no part of what a version says, since Clerk gives a sign-in none. */
export function activityOf(told: Pick<UserSnapshot, (typeof ACTIVITY)[number]>): Document {
  const times = ACTIVITY.map((field) => [field, told[field]] as const)
  return Object.fromEntries(times.flatMap(([field, ms]) => (ms == null ? [] : [[field, new Date(ms)]])))
}

/**
 * Raises each time that is earlier than the given one, or absent: of two writers the later time stays, whoever is first. A
 * purged row stays empty.
 */
export async function raiseTimes(collection: Collection, clerkId: string, times: Document): Promise<void> {
  if (Object.keys(times).length === 0) return
  const row = { clerkId: { $eq: clerkId }, version: { $not: { $gte: ERASED_VERSION } } }
  await collection.updateOne(row, { $max: times })
}

/** The document with those times that are later than its own, which are written. */
export async function withActivity(
  collection: Collection,
  document: Document,
  snapshot: UserSnapshot,
): Promise<Document> {
  const later = Object.fromEntries(
    Object.entries(activityOf(snapshot)).filter(
      ([field, at]) => !(document[field] instanceof Date && document[field] >= at),
    ),
  )
  if (Object.keys(later).length === 0) return document
  await raiseTimes(collection, snapshot.clerkId, later)
  return { ...document, ...later }
}
