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
import { and, asc, desc, eq, gte, inArray, isNull, lt, lte, ne, or, type SQL, sql } from 'drizzle-orm'
import { collationFault } from '../db/errors.js'
import type { Row, Values } from '../db/queries.js'
import { INBOX, LOG } from '../table/definitions.js'
import type { Context, Inspected } from './context.js'
import { logStore } from './log.js'

const PRUNE_BATCH = 1000
/** How often a claim looks again after the event was pruned or given back in between. */
const MOST_ATTEMPTS = 50

export function inboxStore({ table: tableOf, run }: Context): {
  store: Required<Inbox>
  inspected: Inspected
} {
  const table = tableOf(INBOX)
  const logTable = tableOf(LOG)
  const log = logStore(logTable)
  const { dialect, db } = table
  const { now } = dialect
  const column = (field: string) => table.column(field)
  const later = (ms: number): SQL => sql`${now} + ${sql.raw(String(ms))}`

  const isFree = or(isNull(column('leaseUntil')), sql`${column('leaseUntil')} <= ${now}`)
  const isUnfinished = inArray(column('status'), ['open', 'failed'])

  const CLAIM = {
    ...Object.fromEntries(
      ['id', 'status', 'owner', 'attempts', 'succeeded'].map((one) => [one, column(one)]),
    ),
    held: sql`${column('leaseUntil')} - ${now}`,
  }

  async function claim(event: InboxEvent, leaseMs: number): Promise<Claim> {
    const { id, type, timestamp, subjects, body } = event
    const own = table.where({ id })
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const owner = randomUUID()
      const isNew = await table.insertNew({
        ...{ id, type, timestamp, subjects: JSON.stringify(subjects), body, status: 'open', attempts: 1 },
        ...{ succeeded: '', receivedAt: now, dueAt: now, leaseUntil: later(leaseMs), owner },
      })
      if (isNew) return { status: 'claimed', owner, attempts: 1, succeeded: [] }
      await table.updateMany(and(own, isUnfinished, isFree), {
        ...{ status: 'open', attempts: sql`${column('attempts')} + 1`, leaseUntil: later(leaseMs), owner },
        ...{ reason: null, finishedAt: null },
      })
      const [known] = await table.query(() => db.select(CLAIM).from(table.source).where(own))
      if (known === undefined) continue
      if (known.id !== id) throw collation()
      if (known.owner === owner) {
        const { attempts, succeeded } = known
        return { status: 'claimed', owner, attempts: Number(attempts), succeeded: names(succeeded) }
      }
      if (known.status === 'done' || known.status === 'discarded') return { status: 'done' }
      const held = Number(known.held ?? 0)
      if (held > 0) return { status: 'busy', retryAfterMs: held }
    }
    throw tooManyWriters(`one row of \`${table.name}\``)
  }

  const collation = () => collationFault(table.name, 'id')

  /** Changes the event for its owner. `false`: the lease was lost. */
  async function asOwner(id: string, owner: string, values: Values): Promise<boolean> {
    checkText(id, 'id')
    checkText(owner, 'owner')
    const own = table.where({ id, owner, status: 'open' })
    if ((await table.updateMany(own, values)) > 0) return true
    // A driver for MySQL may count changed rows alone.
    return !dialect.returns && (await table.find(own)) !== null
  }

  const finished = (status: FinishedStatus, reason: string | null): Values => ({
    ...{ status, reason, owner: null, leaseUntil: null, finishedAt: now },
    ...(status !== 'failed' && { body: '', error: null }),
  })

  const store: Required<Inbox> = {
    claim: (event, leaseMs) =>
      run(async () => {
        checkText(event.id, 'id')
        checkDuration(leaseMs, 'leaseMs')
        return claim(event, leaseMs)
      }),

    renew: (id, owner, leaseMs) =>
      run(async () => {
        checkDuration(leaseMs, 'leaseMs')
        return asOwner(id, owner, { leaseUntil: later(leaseMs) })
      }),

    // Only the owner adds names, one line each: several handlers that succeed side by side need no other's list.
    succeeded: (id, owner, handler) =>
      run(async () => {
        checkText(handler, 'handler')
        return asOwner(id, owner, {
          succeeded: dialect.join(column('succeeded'), `${JSON.stringify(handler)}\n`),
        })
      }),

    release: (id, owner, { error, retryAfterMs }) =>
      run(async () => {
        checkDuration(retryAfterMs, 'retryAfterMs')
        return asOwner(id, owner, { owner: null, leaseUntil: null, dueAt: later(retryAfterMs), error })
      }),

    finish: (id, owner, status, reason) => run(() => asOwner(id, owner, finished(status, reason ?? null))),

    due: (limit) =>
      run(async () => {
        checkLimit(limit)
        if (limit === 0) return []
        const where = and(eq(column('status'), 'open'), sql`${column('dueAt')} <= ${now}`, isFree)
        return (await table.findMany({ where, orderBy: [asc(column('dueAt'))], limit })).map(asEvent)
      }),

    find: (id) =>
      run(async () => {
        checkText(id, 'id')
        const row = await table.findByKey(id)
        if (row !== null && row.id !== id) throw collation()
        return row && asEvent(row)
      }),

    list: ({ status, type, since, limit, after }) =>
      run(async () => {
        checkPage(limit)
        if (type !== undefined) checkText(type, 'type')
        if (since !== undefined) checkTime(since, 'since')
        const cursor = after === undefined ? null : parseEventCursor(after)
        const received = column('receivedAt')
        const where = and(
          status === undefined ? undefined : eq(column('status'), status),
          type === undefined ? undefined : eq(column('type'), type),
          since === undefined ? undefined : gte(received, since),
          cursor === null
            ? undefined
            : and(
                lte(received, cursor.receivedAt),
                or(lt(received, cursor.receivedAt), lt(column('id'), cursor.id)),
              ),
        )
        const orderBy = [desc(received), desc(column('id'))]
        const found = (await table.findMany({ where, orderBy, limit: limit + 1 })).map(asEvent)
        const events = found.slice(0, limit)
        const last = events.at(-1)
        return {
          events,
          next: last === undefined || found.length <= limit ? null : formatEventCursor(last),
        }
      }),

    discardEarlier: (subject, { exceptId }) =>
      run(async () => {
        checkText(subject, 'subject')
        checkText(exceptId, 'exceptId')
        const where = and(
          dialect.rare(isUnfinished),
          ne(column('id'), exceptId),
          dialect.contains(column('subjects'), JSON.stringify(subject)),
        )
        return table.updateMany(where, finished('discarded', 'subject-erased'))
      }),

    prune: (olderThanMs) =>
      run(async () => {
        checkDuration(olderThanMs, 'olderThanMs')
        let pruned = 0
        for (const [one, time] of [[logTable, 'at'] as const, [table, 'finishedAt'] as const]) {
          const old = sql`${one.column(time)} < ${now} - ${sql.raw(String(olderThanMs))}`
          pruned = 0
          for (let count = PRUNE_BATCH; count >= PRUNE_BATCH; pruned += count)
            count = await one.deleteFirst(old, time, PRUNE_BATCH)
        }
        return pruned
      }),

    append: (change) => run(() => log.append(change)),
    changesSince: (position, limit) => run(() => log.changesSince(position, limit)),
    revocations: (position, limit) => run(() => log.revocations(position, limit)),

    ping: () =>
      run(async () => {
        await table.probe()
        await logTable.probe()
      }),
  }
  return {
    store,
    inspected: [
      [table, () => ({})],
      [logTable, () => ({})],
    ],
  }
}

function names(lines: unknown): readonly string[] {
  const list = String(lines ?? '')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as string]))
  return [...new Set(list)]
}

function asEvent(row: Row): StoredEvent {
  const { id, type, timestamp, body, status, attempts, error, reason } = row as unknown as StoredEvent
  const { receivedAt, dueAt, leaseUntil, finishedAt } = row as unknown as StoredEvent
  return {
    ...{ id, type, timestamp, body, status, attempts, error, reason },
    ...{ receivedAt, dueAt, leaseUntil, finishedAt },
    subjects: JSON.parse(String(row.subjects)) as string[],
    succeeded: names(row.succeeded),
  }
}
