import { randomUUID } from 'node:crypto'
import {
  type Claim,
  checkDuration,
  checkLimit,
  checkPage,
  checkText,
  checkTime,
  type FinishedStatus,
  formatEventCursor,
  type Inbox,
  type InboxEvent,
  parseEventCursor,
  type StoredEvent,
  tooManyWriters,
} from '@acme/clerk-core/store'
import type { Document, Filter, UpdateFilter } from 'mongodb'
import { isTakenId, reach } from '../collection/errors.js'
import type { MappedCollection } from '../collection/mapped-collection.js'
import { pruneBatches } from '../collection/prune-batches.js'
import type { ServerClock } from '../server-clock.js'
import { mongoLog } from './log.js'

/** An event in the inbox; its `_id` is the delivery's id, which makes duplicates impossible. */
interface EventDocument extends Document {
  _id: string
  type: string
  timestamp: number
  subjects: string[]
  body: string
  status: StoredEvent['status']
  /** Token of the claim that holds it. */
  owner: string | null
  attempts: number
  succeeded: string[]
  error: string | null
  reason: string | null
  receivedAt: Date
  dueAt: Date
  leaseUntil: Date | null
  finishedAt: Date | null
}

/** How often a claim looks again after the event was given back or pruned in between. */
const MAX_ATTEMPTS = 50

export function mongoInbox(
  collections: { readonly inbox: MappedCollection; readonly changes: MappedCollection },
  now: ServerClock,
  ready: () => Promise<void>,
): Required<Inbox> {
  const collection = collections.inbox as unknown as MappedCollection<EventDocument>
  const log = mongoLog(collections.changes, now)

  const isFree = (at: number): Filter<EventDocument> => ({ leaseUntil: { $not: { $gt: new Date(at) } } })

  /** Stores the event if it is new, with the server's time as that of its arrival. */
  async function store(event: InboxEvent, held: Partial<EventDocument>): Promise<boolean> {
    const { id, type, timestamp, subjects, body } = event
    const $setOnInsert = {
      ...{ type, timestamp, subjects: [...subjects], body, status: 'open', attempts: 1, succeeded: [] },
      ...{ error: null, reason: null, finishedAt: null, ...held },
    }
    // No document that is there meets the filter, so that `$currentDate` touches none.
    const nothing = { _id: { $eq: id }, attempts: { $exists: false } }
    const update = { $setOnInsert, $currentDate: { receivedAt: true, dueAt: true } }
    try {
      await collection.updateOne(nothing as Filter<EventDocument>, update as UpdateFilter<EventDocument>, {
        upsert: true,
      })
      return true
    } catch (error) {
      if (!isTakenId(error)) throw error
      return false
    }
  }

  async function claim(event: InboxEvent, leaseMs: number): Promise<Claim> {
    const _id = { $eq: event.id }
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const at = await now()
      const owner = randomUUID()
      const held = { owner, leaseUntil: new Date(at + leaseMs) }
      if (await store(event, held)) return { status: 'claimed', owner, attempts: 1, succeeded: [] }
      const taken = await collection.findOneAndUpdate(
        { _id, status: { $in: ['open', 'failed'] }, ...isFree(at) },
        { $set: { ...held, status: 'open', reason: null, finishedAt: null }, $inc: { attempts: 1 } },
        { returnDocument: 'after', projection: { attempts: 1, succeeded: 1 } },
      )
      if (taken !== null) {
        return { status: 'claimed', owner, attempts: Number(taken.attempts), succeeded: taken.succeeded }
      }
      const known = await collection.findOne({ _id }, { projection: { status: 1, leaseUntil: 1 } })
      if (known?.status === 'done' || known?.status === 'discarded') return { status: 'done' }
      const retryAfterMs = (known?.leaseUntil?.getTime() ?? 0) - at
      if (retryAfterMs > 0) return { status: 'busy', retryAfterMs }
      // Given back, or pruned, since it was seen.
    }
    throw tooManyWriters(`one row of ${collection.collectionName}`)
  }

  /** Changes the event for its owner. `false`: the lease was lost. */
  async function asOwner(id: string, owner: string, update: UpdateFilter<EventDocument>): Promise<boolean> {
    checkText(id, 'id')
    checkText(owner, 'owner')
    const held: Filter<EventDocument> = { _id: { $eq: id }, owner: { $eq: owner }, status: { $eq: 'open' } }
    return (await collection.updateOne(held, update)).matchedCount > 0
  }

  /** What holds the event no longer. */
  const free = { owner: null, leaseUntil: null }

  const finished = (status: FinishedStatus, reason: string | null) =>
    ({
      $set: { ...free, status, reason, ...(status !== 'failed' && { body: '', error: null }) },
      $currentDate: { finishedAt: true },
    }) as UpdateFilter<EventDocument>

  return {
    claim: (event, leaseMs) =>
      reach(async () => {
        checkText(event.id, 'id')
        checkDuration(leaseMs, 'leaseMs')
        return claim(event, leaseMs)
      }),

    renew: (id, owner, leaseMs) =>
      reach(async () => {
        checkText(id, 'id')
        checkDuration(leaseMs, 'leaseMs')
        return asOwner(id, owner, { $set: { leaseUntil: new Date((await now()) + leaseMs) } })
      }),

    succeeded: (id, owner, handler) =>
      reach(async () => {
        checkText(handler, 'handler')
        return asOwner(id, owner, { $addToSet: { succeeded: handler } })
      }),

    release: (id, owner, { error, retryAfterMs }) =>
      reach(async () => {
        checkText(id, 'id')
        checkDuration(retryAfterMs, 'retryAfterMs')
        const dueAt = new Date((await now()) + retryAfterMs)
        return asOwner(id, owner, { $set: { ...free, dueAt, error } })
      }),

    finish: (id, owner, status, reason) => reach(() => asOwner(id, owner, finished(status, reason ?? null))),

    due: (limit) =>
      reach(async () => {
        checkLimit(limit)
        if (limit === 0) return []
        const at = await now()
        const isDue = { status: { $eq: 'open' }, dueAt: { $lte: new Date(at) }, ...isFree(at) }
        const found = collection.find(isDue as Filter<EventDocument>)
        return (await found.sort({ dueAt: 1 }).limit(limit).toArray()).map(storedEvent)
      }),

    find: (id) =>
      reach(async () => {
        checkText(id, 'id')
        const found = await collection.findOne({ _id: { $eq: id } })
        return found === null ? null : storedEvent(found)
      }),

    list: ({ status, type, since, limit, after }) =>
      reach(async () => {
        checkPage(limit)
        if (type !== undefined) checkText(type, 'type')
        if (since !== undefined) checkTime(since, 'since')
        const cursor = after === undefined ? null : parseEventCursor(after)
        const last = new Date(cursor?.receivedAt ?? 0)
        const filter = {
          ...(status !== undefined && { status: { $eq: status } }),
          ...(type !== undefined && { type: { $eq: type } }),
          receivedAt: { $gte: new Date(since ?? 0), ...(cursor !== null && { $lte: last }) },
          ...(cursor !== null && { $or: [{ receivedAt: { $lt: last } }, { _id: { $lt: cursor.id } }] }),
        }
        const found = await collection
          .find(filter as Filter<EventDocument>)
          .sort({ receivedAt: -1, _id: -1 })
          .limit(limit + 1)
          .toArray()
        const events = found.slice(0, limit).map(storedEvent)
        const end = events.at(-1)
        return { events, next: end === undefined || found.length <= limit ? null : formatEventCursor(end) }
      }),

    discardEarlier: (subject, { exceptId }) =>
      reach(async () => {
        checkText(subject, 'subject')
        checkText(exceptId, 'exceptId')
        const earlier: Filter<EventDocument> = {
          subjects: { $eq: subject },
          status: { $in: ['open', 'failed'] },
          _id: { $ne: exceptId },
        }
        return (await collection.updateMany(earlier, finished('discarded', 'subject-erased'))).modifiedCount
      }),

    prune: (olderThanMs) =>
      reach(async () => {
        checkDuration(olderThanMs, 'olderThanMs')
        const before = new Date((await now()) - olderThanMs)
        const pruned = await pruneBatches(collections.inbox, 'finishedAt', before)
        await log.prune(before)
        return pruned
      }),

    append: (change) => reach(() => log.append(change)),
    changesSince: (position, limit) => reach(() => log.changesSince(position, limit)),
    revocations: (position, limit) => reach(() => log.revocations(position, limit)),

    ping: () => reach(ready),
  }
}

function storedEvent(document: EventDocument): StoredEvent {
  const { _id, type, subjects, body, status, succeeded, error, reason } = document
  return {
    ...{ id: _id, type, timestamp: Number(document.timestamp), subjects, body },
    ...{ status, attempts: Number(document.attempts), succeeded, error, reason },
    receivedAt: document.receivedAt.getTime(),
    dueAt: document.dueAt.getTime(),
    leaseUntil: document.leaseUntil?.getTime() ?? null,
    finishedAt: document.finishedAt?.getTime() ?? null,
  }
}
