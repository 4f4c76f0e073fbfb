import {
  type Change,
  checkLimit,
  checkText,
  checkTime,
  type Inbox,
  type InboxEvent,
  type PendingEvent,
  tooManyWriters,
} from '@acme/clerk-core/store'
import type { Document, Filter } from 'mongodb'
import { isDuplicateKey, reach } from '../collection/errors.js'
import type { MappedCollection } from '../collection/mapped-collection.js'

/** An event in the inbox; its `_id` is the delivery's id, which makes duplicates impossible. Times are milliseconds. */
interface EventDocument extends Document {
  _id: string
  type: string
  timestamp: number
  subjects: string[]
  body: string
  attempts: number
  succeeded: string[]
  leaseUntil: number
  appliedAt: number | null
  doneAt: number | null
  error: string | null
}

const BATCH = 1000

/** How often a claim looks again after the event was given back or pruned in between. */
const MAX_ATTEMPTS = 50

export function mongoInbox(untyped: MappedCollection, ready: () => Promise<void>): Required<Inbox> {
  const collection = untyped as unknown as MappedCollection<EventDocument>

  /** Takes the event if it is free; with `upsert`, also if it is new. `null`: another caller has it, or it is done. */
  async function take(event: InboxEvent, now: number, leaseUntil: number, upsert: boolean) {
    const { id, type, timestamp, subjects, body } = event
    const $setOnInsert = {
      ...{ type, timestamp, subjects: [...subjects], body },
      ...{ succeeded: [], appliedAt: null, error: null },
    }
    const free: Filter<EventDocument> = {
      _id: { $eq: id },
      doneAt: { $eq: null },
      leaseUntil: { $not: { $gt: now } },
    }
    try {
      return await collection.findOneAndUpdate(
        free,
        { $set: { leaseUntil }, $inc: { attempts: 1 }, ...(upsert ? { $setOnInsert } : {}) },
        { upsert, returnDocument: 'after' },
      )
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      return null
    }
  }

  return {
    async claim(event, now, leaseUntil) {
      checkText(event.id, 'id')
      checkTime(now, 'now')
      checkTime(leaseUntil, 'leaseUntil')
      return reach(async () => {
        let upsert = true
        for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
          const taken = await take(event, now, leaseUntil, upsert)
          if (taken !== null) return { status: 'claimed', succeeded: taken.succeeded } as const
          const known = await collection.findOne({ _id: { $eq: event.id } })
          if (known !== null && known.doneAt !== null) return { status: 'done' } as const
          if (known !== null && known.leaseUntil > now) {
            return { status: 'busy', leaseUntil: known.leaseUntil } as const
          }
          // Given back, or pruned, since it was seen.
          upsert = known === null
        }
        throw tooManyWriters(`one row of ${collection.collectionName}`)
      })
    },

    async applied(id, now) {
      checkText(id, 'id')
      checkTime(now, 'now')
      await reach(() => collection.updateOne({ _id: { $eq: id } }, { $set: { appliedAt: now } }))
    },

    async succeeded(id, handler) {
      checkText(id, 'id')
      await reach(() => collection.updateOne({ _id: { $eq: id } }, { $addToSet: { succeeded: handler } }))
    },

    async release(id, error) {
      checkText(id, 'id')
      const open: Filter<EventDocument> = { _id: { $eq: id }, doneAt: { $eq: null } }
      await reach(() => collection.updateOne(open, { $set: { leaseUntil: 0, error } }))
    },

    async done(id, now) {
      checkText(id, 'id')
      checkTime(now, 'now')
      await reach(() =>
        collection.updateOne({ _id: { $eq: id } }, { $set: { doneAt: now, body: '', error: null } }),
      )
    },

    async pending(limit) {
      checkLimit(limit)
      if (limit === 0) return []
      const open = () =>
        collection
          .find({ doneAt: { $eq: null } })
          .sort({ timestamp: 1 })
          .limit(limit)
          .toArray()
      return (await reach(open)).map(pendingEvent)
    },

    async changesSince(time) {
      checkTime(time, 'time')
      const since = () =>
        collection
          .find({ appliedAt: { $gte: time } }, { projection: { type: 1, subjects: 1, appliedAt: 1 } })
          .sort({ appliedAt: 1 })
          .toArray()
      return (await reach(since)).map(change)
    },

    async prune(before) {
      checkTime(before, 'before')
      const due: Filter<EventDocument> = { doneAt: { $lt: before } }
      return reach(async () => {
        for (let pruned = 0; ; ) {
          const batch = await collection
            .find(due, { projection: { _id: 1 } })
            .limit(BATCH)
            .toArray()
          if (batch.length === 0) return pruned
          const ids = batch.map(({ _id }) => _id)
          pruned += await collection.deleteMany({ _id: { $in: ids } })
        }
      })
    },

    ping: () => reach(ready),
  }
}

function pendingEvent({ _id, doneAt: _, ...event }: EventDocument): PendingEvent {
  const { type, timestamp, subjects, body, attempts, succeeded, appliedAt, leaseUntil, error } = event
  return { id: _id, type, timestamp, subjects, body, attempts, succeeded, appliedAt, leaseUntil, error }
}

function change({ _id, type, subjects, appliedAt }: EventDocument): Change {
  return { id: _id, type, subjects, appliedAt: appliedAt ?? 0 }
}
