import { randomUUID } from 'node:crypto'
import type { Change, Inbox, NewChange, StoredEvent } from '../inbox.js'
import { formatEventCursor, parseEventCursor } from '../rules/event-page.js'
import { checkDuration, checkLimit, checkPage, checkText, checkTime } from '../rules/input.js'
import { copyOf } from './copy-of.js'
import { memoryLog } from './memory-log.js'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
interface Row extends Mutable<StoredEvent> {
  owner: string | null
}

export interface MemoryInboxOptions {
  /** The store's clock, in milliseconds. Default: `Date.now`. */
  readonly now?: () => number
}

export interface MemoryInbox extends Inbox {
  ping(): Promise<void>
  /** Every event, for tests. `body` is empty once it is dropped. */
  all(): Promise<StoredEvent[]>
  /** Every entry of the log, for tests. */
  log(): Promise<Change[]>
  /**
   * For tests: gives the entry its place and time now, as a transaction does that is not committed. It becomes visible
   * when the function that is answered is called.
   */
  appendLate(change: NewChange): Promise<() => void>
}

/** Holds every event until it is pruned. */
export function memoryInbox({ now = Date.now }: MemoryInboxOptions = {}): MemoryInbox {
  const rows = new Map<string, Row>()
  const log = memoryLog(now)

  const isFree = ({ leaseUntil }: Row, at: number) => leaseUntil === null || leaseUntil <= at

  /** Changes the row of an event for its owner. */
  function asOwner(id: string, owner: string, change: (row: Row) => Partial<Row>): boolean {
    checkText(id, 'id')
    checkText(owner, 'owner')
    const row = rows.get(id)
    if (row?.status !== 'open' || row.owner !== owner) return false
    Object.assign(row, change(row))
    return true
  }

  const finished = (status: Row['status'], reason: string | null): Partial<Row> => ({
    ...{ status, reason, owner: null, leaseUntil: null, finishedAt: now() },
    ...(status !== 'failed' && { body: '', error: null }),
  })

  return {
    async claim(event, leaseMs) {
      checkText(event.id, 'id')
      checkDuration(leaseMs, 'leaseMs')
      const at = now()
      const { id, type, timestamp, subjects, body } = event
      const row: Row = rows.get(id) ?? {
        id,
        type,
        timestamp,
        subjects: [...subjects],
        body,
        status: 'open',
        attempts: 0,
        succeeded: [],
        error: null,
        reason: null,
        receivedAt: at,
        dueAt: at,
        leaseUntil: null,
        finishedAt: null,
        owner: null,
      }
      if (row.status === 'done' || row.status === 'discarded') return { status: 'done' }
      if (!isFree(row, at)) return { status: 'busy', retryAfterMs: (row.leaseUntil ?? at) - at }
      const owner = randomUUID()
      const attempts = row.attempts + 1
      Object.assign(row, {
        status: 'open',
        attempts,
        leaseUntil: at + leaseMs,
        owner,
        reason: null,
        finishedAt: null,
      })
      rows.set(id, row)
      return { status: 'claimed', owner, attempts, succeeded: [...row.succeeded] }
    },
    async renew(id, owner, leaseMs) {
      checkDuration(leaseMs, 'leaseMs')
      return asOwner(id, owner, () => ({ leaseUntil: now() + leaseMs }))
    },
    async succeeded(id, owner, handler) {
      checkText(handler, 'handler')
      return asOwner(id, owner, ({ succeeded }) =>
        succeeded.includes(handler) ? {} : { succeeded: [...succeeded, handler] },
      )
    },
    async release(id, owner, { error, retryAfterMs }) {
      checkDuration(retryAfterMs, 'retryAfterMs')
      return asOwner(id, owner, () => ({
        ...{ owner: null, leaseUntil: null, dueAt: now() + retryAfterMs, error },
      }))
    },
    finish: async (id, owner, status, reason) => asOwner(id, owner, () => finished(status, reason ?? null)),

    async due(limit) {
      checkLimit(limit)
      const at = now()
      return [...rows.values()]
        .filter((row) => row.status === 'open' && row.dueAt <= at && isFree(row, at))
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit)
        .map(copy)
    },
    async find(id) {
      checkText(id, 'id')
      const row = rows.get(id)
      return row === undefined ? null : copy(row)
    },
    async list({ status, type, since, limit, after }) {
      checkPage(limit)
      if (type !== undefined) checkText(type, 'type')
      if (since !== undefined) checkTime(since, 'since')
      const cursor = after === undefined ? null : parseEventCursor(after)
      const found = [...rows.values()]
        .filter((row) => status === undefined || row.status === status)
        .filter((row) => type === undefined || row.type === type)
        .filter((row) => since === undefined || row.receivedAt >= since)
        .filter((row) => cursor === null || newestFirst(cursor, row) < 0)
        .sort(newestFirst)
      const page = found.slice(0, limit)
      const last = page.at(-1)
      const next = last === undefined || found.length <= limit ? null : formatEventCursor(last)
      return { events: page.map(copy), next }
    },
    async discardEarlier(subject, { exceptId }) {
      checkText(subject, 'subject')
      checkText(exceptId, 'exceptId')
      const earlier = [...rows.values()]
        .filter(({ id, status }) => id !== exceptId && (status === 'open' || status === 'failed'))
        .filter(({ subjects }) => subjects.includes(subject))
      for (const row of earlier) Object.assign(row, finished('discarded', 'subject-erased'))
      return earlier.length
    },
    async prune(olderThanMs) {
      checkDuration(olderThanMs, 'olderThanMs')
      const before = now() - olderThanMs
      const old = [...rows.values()].filter(({ finishedAt }) => finishedAt !== null && finishedAt < before)
      for (const { id } of old) rows.delete(id)
      log.prune(before)
      return old.length
    },

    append: async (change) => log.append(change),
    changesSince: async (position, limit) => log.changesSince(position, limit),
    revocations: async (position, limit) => log.revocations(position, limit),
    async ping() {},
    all: async () => [...rows.values()].map(copy),
    log: async () => log.all(),
    appendLate: async (change) => log.appendLate(change),
  }
}

function copy({ owner: _, ...event }: Row): StoredEvent {
  return copyOf(event)
}

function newestFirst(
  a: { readonly receivedAt: number; readonly id: string },
  b: { readonly receivedAt: number; readonly id: string },
): number {
  if (a.receivedAt !== b.receivedAt) return b.receivedAt - a.receivedAt
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0
}
