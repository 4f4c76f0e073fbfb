import {
  type Change,
  type Claim,
  checkLimit,
  checkText,
  checkTime,
  type Inbox,
  type InboxEvent,
  type InspectableStore,
  type PendingEvent,
  tooManyWriters,
} from '@acme/clerk-core/store'
import { collationFault } from '../client/errors.js'
import type { Row } from '../client/prisma-client.js'
import { INBOX } from '../table/definitions.js'
import type { Table } from '../table/table.js'
import type { Context, ModelOptions } from './context.js'

const PRUNE_BATCH = 1000
/** How often a claim looks again after the event was pruned, or its handlers were changed, in between. */
const MOST_ATTEMPTS = 50

export function inboxStore(
  { table, run, inspect }: Context,
  options: ModelOptions | undefined,
): Required<Inbox & InspectableStore> & { readonly table: Table } {
  const events = table(INBOX, options)
  const open = { doneAt: null }

  async function find(id: string): Promise<Row | null> {
    const row = await events.find({ id })
    if (row === null || row.id === id) return row
    throw collationFault(events.model, 'id')
  }

  async function claim(event: InboxEvent, now: number, leaseUntil: number): Promise<Claim> {
    const { id, type, timestamp, subjects, body } = event
    const fresh = { id, type, timestamp, subjects, body, attempts: 1, succeeded: '[]', leaseUntil }
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const known = events.insertsQuietly && attempt === 0 ? null : await find(id)
      if (known === null) {
        if ((await events.insert(fresh)) !== null) return { status: 'claimed', succeeded: [] }
        continue
      }
      if (known.doneAt !== null) return { status: 'done' }
      const until = known.leaseUntil as number
      if (until > now) return { status: 'busy', leaseUntil: until }
      const free = { ...open, leaseUntil: until, attempts: known.attempts }
      const attempts = (known.attempts as number) + 1
      const taken = await events.updateMany({ id, ...free }, { leaseUntil, attempts })
      if (taken > 0) return { status: 'claimed', succeeded: names(known.succeeded) }
    }
    throw tooManyWriters(`one row of \`${events.model}\``)
  }

  return {
    table: events,

    claim: (event, now, leaseUntil) =>
      run(async () => {
        checkText(event.id, 'id')
        checkTime(now, 'now')
        checkTime(leaseUntil, 'leaseUntil')
        return claim(event, now, leaseUntil)
      }),

    applied: (id, now) =>
      run(async () => {
        checkText(id, 'id')
        checkTime(now, 'now')
        await events.updateMany({ id }, { appliedAt: now })
      }),

    // Handlers succeed side by side: the list is replaced only while it is the one that was read.
    succeeded: (id, handler) =>
      run(async () => {
        checkText(id, 'id')
        for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
          const row = await find(id)
          if (row === null || names(row.succeeded).includes(handler)) return
          const list = JSON.stringify([...names(row.succeeded), handler])
          const where = { id, succeeded: row.succeeded }
          if ((await events.updateMany(where, { succeeded: list })) > 0) return
        }
        throw tooManyWriters(`one row of \`${events.model}\``)
      }),

    release: (id, error) =>
      run(async () => {
        checkText(id, 'id')
        await events.updateMany({ id, ...open }, { leaseUntil: 0, error })
      }),

    done: (id, now) =>
      run(async () => {
        checkText(id, 'id')
        checkTime(now, 'now')
        await events.updateMany({ id }, { doneAt: now, body: '', error: null })
      }),

    pending: (limit) =>
      run(async () => {
        checkLimit(limit)
        const rows = await events.findMany({
          where: open,
          orderBy: [{ timestamp: 'asc' }, { id: 'asc' }],
          take: limit,
        })
        return rows.map(asPending)
      }),

    changesSince: (time) =>
      run(async () => {
        checkTime(time, 'time')
        const rows = await events.findMany({
          where: { appliedAt: { gte: time } },
          orderBy: [{ appliedAt: 'asc' }, { id: 'asc' }],
          only: ['id', 'type', 'subjects', 'appliedAt'],
        })
        return rows.map(
          ({ id, type, subjects, appliedAt }) =>
            ({ id, type, subjects: subjects ?? [], appliedAt }) as Change,
        )
      }),

    prune: (before) =>
      run(async () => {
        checkTime(before, 'before')
        let pruned = 0
        for (;;) {
          const due = { doneAt: { lt: before } }
          // The order is for SQLite's planner: it would read the whole table for Prisma's own order, by id.
          const orderBy = [{ doneAt: 'asc' }] as const
          const rows = await events.findMany({ where: due, orderBy, take: PRUNE_BATCH, only: ['id'] })
          if (rows.length === 0) return pruned
          pruned += await events.deleteMany({ ...due, id: { in: rows.map(({ id }) => id) } })
        }
      }),

    ping: () => run(() => events.probe()),
    inspect: () => inspect([[events, () => ({})]]),
  }
}

function names(list: unknown): readonly string[] {
  return typeof list === 'string' ? (JSON.parse(list) as string[]) : []
}

function asPending(row: Row): PendingEvent {
  const { id, type, timestamp, subjects, body, attempts, appliedAt, leaseUntil, error } = row
  return {
    ...{ id, type, timestamp, subjects, body, attempts, appliedAt, leaseUntil, error },
    succeeded: names(row.succeeded),
  } as PendingEvent
}
