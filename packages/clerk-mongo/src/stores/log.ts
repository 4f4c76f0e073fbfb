import {
  advanceLog,
  type Change,
  type ChangePage,
  checkChange,
  checkPage,
  covers,
  formatLogPosition,
  LOG_LOOK_BACK_MS,
  logPositionAt,
  logRanges,
  type Narrowed,
  type NewChange,
  parseLogPosition,
  tooManyWriters,
} from '@acme/clerk-core/store'
import type { Document, Filter, UpdateFilter } from 'mongodb'
import { isTakenId } from '../collection/errors.js'
import type { MappedCollection } from '../collection/mapped-collection.js'
import { pruneBatches } from '../collection/prune-batches.js'
import type { ServerClock } from '../server-clock.js'

/** The one document of the collection that is no entry: which position was given last, and when. */
const COUNTER = 'counter'

/**
 * An entry whose position was given longer ago than this when it was written is appended again: a reader that started in
 * between may have begun behind it.
 */
const MAX_DELAY_MS = 30_000

const MAX_ATTEMPTS = 50

/** An entry; its `_id` is its position. */
interface LogDocument extends Document {
  _id: number
  eventId: string
  type: string
  subjects: string[]
  narrows: string | null
  /** Whether it narrows a right: the index of these alone is in the order of their positions. */
  narrowing: boolean
  version: number | null
  at: Date
}

interface CounterDocument extends Document {
  _id: string
  given: number
  givenAt: Date
}

const placeOf = (number: number): string => formatLogPosition(logPositionAt(number))

/** The append-only log. A counter numbers its entries, and the server gives them their time when they are written. */
export function mongoLog(untyped: MappedCollection, now: ServerClock) {
  const collection = untyped as unknown as MappedCollection<LogDocument>
  const counter = untyped as unknown as MappedCollection<CounterDocument>

  /** The next position, and the server's time. */
  async function nextPosition(): Promise<{ number: number; givenAt: number } | null> {
    const next = { $inc: { given: 1 }, $currentDate: { givenAt: true } } as UpdateFilter<CounterDocument>
    const given = await unlessTaken(() =>
      counter.findOneAndUpdate({ _id: { $eq: COUNTER } }, next, { upsert: true, returnDocument: 'after' }),
    )
    return given === null ? null : { number: Number(given.given), givenAt: given.givenAt.getTime() }
  }

  /** Writes the entry and its time at once. `null`: there is one in this place. */
  async function write(number: number, change: NewChange): Promise<number | null> {
    const { id, type, subjects, narrows, version } = change
    const $setOnInsert = {
      ...{ eventId: id, type, subjects: [...subjects], narrows, narrowing: narrows !== null, version },
    }
    // No entry that is there meets the filter.
    const nothing = { _id: { $eq: number }, eventId: { $exists: false } } as Filter<LogDocument>
    const entry = { $setOnInsert, $currentDate: { at: true } } as UpdateFilter<LogDocument>
    const written = await unlessTaken(() =>
      collection.findOneAndUpdate(nothing, entry, {
        ...{ upsert: true, returnDocument: 'after', projection: { at: 1 } },
      }),
    )
    return written === null ? null : written.at.getTime()
  }

  /** A counter that was deleted goes on behind the last entry. */
  async function mendCounter(): Promise<void> {
    const [last] = await collection
      .find({ _id: { $gt: 0 } }, { projection: { _id: 1 } })
      .sort({ _id: -1 })
      .limit(1)
      .toArray()
    if (last === undefined) return
    await counter.updateOne({ _id: { $eq: COUNTER } }, { $max: { given: Number(last._id) } })
  }

  async function read(filter: Filter<LogDocument>, limit: number): Promise<Change[]> {
    const found = await collection.find(filter).sort({ _id: 1 }).limit(limit).toArray()
    return found.map(asChange)
  }

  /**
   * The last entry that was written before everything that a process which starts now has to see. What was given its
   * position since then has a higher one, and so has every entry that is not written yet.
   */
  async function aboutNow(at: number): Promise<number> {
    const earlier = { at: { $lt: new Date(at - LOG_LOOK_BACK_MS - MAX_DELAY_MS) } } as Filter<LogDocument>
    const [last] = await collection
      .find(earlier, { projection: { _id: 1 } })
      .sort({ at: -1, _id: -1 })
      .limit(1)
      .toArray()
    return last === undefined ? 0 : Number(last._id)
  }

  return {
    async append(change: NewChange): Promise<{ position: string; at: number }> {
      checkChange(change)
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const given = await nextPosition()
        if (given === null) continue
        const at = await write(given.number, change)
        if (at === null) await mendCounter()
        else if (Math.abs(at - given.givenAt) <= MAX_DELAY_MS) return { position: placeOf(given.number), at }
      }
      throw tooManyWriters(`an entry of ${collection.collectionName}`)
    },

    async changesSince(position: string | null, limit: number): Promise<ChangePage> {
      checkPage(limit)
      const at = position === null ? await now() : null
      const from = position === null ? logPositionAt(await aboutNow(at ?? 0)) : parseLogPosition(position)
      const [changes, time] = await Promise.all([read(inRanges(logRanges(from)), limit), at ?? now()])
      const numbers = changes.map(({ position: place }) => parseLogPosition(place).last)
      const next = advanceLog(from, numbers, { limit, now: time })
      return { changes, position: formatLogPosition(next.position), now: time, more: next.more }
    },

    async revocations(position: string | null, limit: number): Promise<ChangePage> {
      checkPage(limit)
      const from = position === null ? 0 : parseLogPosition(position).last
      const narrowing = { narrowing: { $eq: true }, _id: { $gt: from } } as Filter<LogDocument>
      const [changes, time] = await Promise.all([read(narrowing, limit), now()])
      const last = changes.at(-1)?.position ?? placeOf(from)
      // What later pages cover is left out too. What is missed here is answered once more, which does no harm.
      const subjects = [...new Set(changes.map(({ narrows }) => narrows))]
      const later = { narrows: { $in: subjects }, _id: { $gt: parseLogPosition(last).last } }
      const found = collection.find(later, { projection: { narrows: 1, version: 1 } }).limit(limit)
      const claims = new Map<string | null, Narrowed[]>(subjects.map((subject) => [subject, []]))
      for (const change of changes) claims.get(change.narrows)?.push(claimOf(change))
      for (const { _id, narrows, version } of changes.length > 0 ? await found.toArray() : [])
        claims.get(narrows)?.push({ place: Number(_id), version })
      const isCovered = (change: Change) =>
        claims.get(change.narrows)?.some((other) => covers(other, claimOf(change)))
      return {
        changes: changes.filter((change) => !isCovered(change)),
        position: last,
        now: time,
        more: changes.length >= limit,
      }
    },

    prune: (before: Date): Promise<number> => pruneBatches(untyped, 'at', before),
  }
}

const claimOf = ({ position, version }: Change): Narrowed => ({
  place: parseLogPosition(position).last,
  version,
})

function inRanges({ after, gaps }: ReturnType<typeof logRanges>): Filter<LogDocument> {
  const [first] = gaps
  if (first === undefined) return { _id: { $gt: after } }
  return {
    _id: { $gte: first.from },
    $or: [...gaps.map(({ from, to }) => ({ _id: { $gte: from, $lte: to } })), { _id: { $gt: after } }],
  }
}

async function unlessTaken<T>(write: () => Promise<T>): Promise<T | null> {
  try {
    return await write()
  } catch (error) {
    if (!isTakenId(error)) throw error
    return null
  }
}

function asChange({ _id, eventId, type, subjects, narrows, version, at }: LogDocument): Change {
  return {
    ...{ position: placeOf(Number(_id)), at: at.getTime(), id: eventId, type, subjects, narrows },
    version: version === null ? null : Number(version),
  }
}
