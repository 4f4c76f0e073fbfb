import type { Claim, Inbox, PendingEvent } from '../inbox.js'
import { checkLimit, checkText, checkTime } from '../rules/input.js'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
interface Row extends Mutable<PendingEvent> {
  doneAt: number | null
}

export interface MemoryInbox extends Inbox {
  ping(): Promise<void>
  /** Every event, done ones too, for tests. `body` is empty when done. */
  all(): Promise<(PendingEvent & { readonly doneAt: number | null })[]>
}

/** Holds every event until it is pruned. */
export function memoryInbox(): MemoryInbox {
  const rows = new Map<string, Row>()

  return {
    async claim(event, now, leaseUntil): Promise<Claim> {
      checkText(event.id, 'id')
      checkTime(now, 'now')
      checkTime(leaseUntil, 'leaseUntil')
      const { id, type, timestamp, subjects, body } = event
      const row = rows.get(id) ?? {
        ...{ id, type, timestamp, subjects: [...subjects], body },
        ...{ attempts: 0, succeeded: [], appliedAt: null, leaseUntil: now, error: null, doneAt: null },
      }
      if (row.doneAt !== null) return { status: 'done' }
      if (row.leaseUntil > now) return { status: 'busy', leaseUntil: row.leaseUntil }
      rows.set(id, { ...row, attempts: row.attempts + 1, leaseUntil })
      return { status: 'claimed', succeeded: [...row.succeeded] }
    },
    async applied(id, now) {
      checkText(id, 'id')
      checkTime(now, 'now')
      const row = rows.get(id)
      if (row !== undefined) row.appliedAt = now
    },
    async succeeded(id, handler) {
      checkText(id, 'id')
      const row = rows.get(id)
      if (row !== undefined && !row.succeeded.includes(handler)) row.succeeded = [...row.succeeded, handler]
    },
    async release(id, error) {
      checkText(id, 'id')
      const row = rows.get(id)
      if (row !== undefined && row.doneAt === null) Object.assign(row, { leaseUntil: 0, error })
    },
    async done(id, now) {
      checkText(id, 'id')
      checkTime(now, 'now')
      const row = rows.get(id)
      if (row !== undefined) Object.assign(row, { doneAt: now, body: '', error: null })
    },
    async pending(limit) {
      checkLimit(limit)
      return [...rows.values()]
        .filter(({ doneAt }) => doneAt === null)
        .sort((a, b) => a.timestamp - b.timestamp)
        .slice(0, limit)
        .map(({ doneAt: _, ...event }) => structuredClone(event))
    },
    async changesSince(time) {
      checkTime(time, 'time')
      return [...rows.values()]
        .flatMap(({ id, type, subjects, appliedAt }) =>
          appliedAt === null || appliedAt < time ? [] : [{ id, type, subjects: [...subjects], appliedAt }],
        )
        .sort((a, b) => a.appliedAt - b.appliedAt)
    },
    async prune(before) {
      checkTime(before, 'before')
      const due = [...rows.values()].filter(({ doneAt }) => doneAt !== null && doneAt < before)
      for (const { id } of due) rows.delete(id)
      return due.length
    },
    async ping() {},
    all: async () => structuredClone([...rows.values()]),
  }
}
