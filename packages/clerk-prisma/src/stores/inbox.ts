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
  type InspectableStore,
  parseEventCursor,
  type StoredEvent,
  tooManyWriters,
} from '@acme/clerk-core/store'
import { collationFault } from '../client/errors.js'
import { numberOf, numberOrNull, type SqlRow, sqlTable, textOrNull } from '../sql/sql-table.js'
import { INBOX, LOG } from '../table/definitions.js'
import type { Table } from '../table/table.js'
import type { Context, ModelOptions } from './context.js'
import { logStore } from './log.js'

const PRUNE_BATCH = 1000
/** How often a claim looks again after the event was pruned or given back in between. */
const MOST_ATTEMPTS = 50

/** Every column, in the order in which a row is read. */
const FIELDS = Object.keys(INBOX.fields)

export function inboxStore(
  context: Context,
  options: { readonly inbox?: ModelOptions | undefined; readonly changes?: ModelOptions | undefined },
): Required<Inbox & InspectableStore> & { readonly tables: readonly Table[] } {
  const { client, sql, run, inspect } = context
  const model = context.table(INBOX, options.inbox)
  const events = sqlTable(client, sql, model)
  const c = (field: string) => events.column(field)
  const log = logStore(context, context.table(LOG, options.changes))

  const lease = `${sql.now} + ${sql.number}`
  const isFree = (row: string) =>
    `(${row}${c('leaseUntil')} IS NULL OR ${row}${c('leaseUntil')} <= ${sql.now})`
  const isClaimable = (row: string) => `${row}${c('status')} IN ('open', 'failed') AND ${isFree(row)}`
  const inserted = ['id', 'type', 'timestamp', 'subjects', 'body'].map(c).join(', ')
  const insert = `INSERT INTO ${events.name} ${sql.upsertReturns ? 'AS e ' : ''}(${inserted}, ${[
    ...['status', 'attempts', 'succeeded', 'receivedAt', 'dueAt', 'leaseUntil', 'owner'],
  ]
    .map(c)
    .join(', ')}) VALUES (?, ?, ${sql.number}, ?, ?, 'open', 1, '', ${sql.now}, ${sql.now}, ${lease}, ?)`
  const takeOver = sql.upsertReturns
    ? ` ON CONFLICT (${c('id')}) DO UPDATE SET ${c('status')} = 'open', ${c('attempts')} = e.${c('attempts')} + 1,
        ${c('leaseUntil')} = excluded.${c('leaseUntil')}, ${c('owner')} = excluded.${c('owner')},
        ${c('reason')} = NULL, ${c('finishedAt')} = NULL
        WHERE ${isClaimable('e.')} RETURNING ${c('attempts')} AS attempts, ${c('succeeded')} AS succeeded`
    : // The assignments are made from left to right: those behind the first see whether it has taken the row.
      ` ON DUPLICATE KEY UPDATE ${c('owner')} = IF(${isClaimable('')}, VALUES(${c('owner')}), ${c('owner')})${[
        ['attempts', `${c('attempts')} + 1`],
        ['leaseUntil', `VALUES(${c('leaseUntil')})`],
        ['reason', 'NULL'],
        ['finishedAt', 'NULL'],
        ['status', "'open'"],
      ]
        .map(
          ([field = '', value]) =>
            `, ${c(field)} = IF(${c('owner')} = VALUES(${c('owner')}), ${value}, ${c(field)})`,
        )
        .join('')}`
  const selected = FIELDS.map((field) => `${c(field)} AS ${sql.quote(field)}`).join(', ')

  async function claim(event: InboxEvent, leaseMs: number): Promise<Claim> {
    const { id, type, timestamp, subjects, body } = event
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const owner = randomUUID()
      const values = [id, type, timestamp, JSON.stringify(subjects), body, leaseMs, owner]
      if (sql.upsertReturns) {
        const [row] = await events.query(insert + takeOver, values)
        if (row !== undefined) return claimed(owner, row)
      } else {
        await events.execute(insert + takeOver, values)
      }
      const [row] = await events.query(
        `SELECT ${c('id')} AS id, ${c('status')} AS status, ${c('owner')} AS owner, ${c('attempts')} AS attempts,
          ${c('succeeded')} AS succeeded, ${c('leaseUntil')} - ${sql.now} AS held FROM ${events.name}
          WHERE ${c('id')} = ?`,
        [id],
      )
      if (row === undefined) continue
      if (row.id !== id) throw collation()
      if (row.owner === owner) return claimed(owner, row)
      if (row.status === 'done' || row.status === 'discarded') return { status: 'done' }
      const held = numberOf(row.held ?? 0)
      if (held > 0) return { status: 'busy', retryAfterMs: held }
    }
    throw tooManyWriters(`one row of \`${model.model}\``)
  }

  const claimed = (owner: string, row: SqlRow): Claim => ({
    ...{ status: 'claimed', owner },
    ...{ attempts: numberOf(row.attempts), succeeded: names(row.succeeded) },
  })

  const collation = () => collationFault(model.model, 'id')

  /** Changes the event for its owner. `false`: the lease was lost. */
  async function asOwner(id: string, owner: string, set: string, values: unknown[]): Promise<boolean> {
    checkText(id, 'id')
    checkText(owner, 'owner')
    const where = `WHERE ${c('id')} = ? AND ${c('owner')} = ? AND ${c('status')} = 'open'`
    const count = await events.execute(`UPDATE ${events.name} SET ${set} ${where}`, [...values, id, owner])
    if (count > 0 || !sql.countsChangedRows) return count > 0
    return (await events.query(`SELECT 1 AS found FROM ${events.name} ${where}`, [id, owner])).length > 0
  }

  const read = async (rest: string, values: readonly unknown[]): Promise<StoredEvent[]> =>
    (await events.query(`SELECT ${selected} FROM ${events.name} ${rest}`, values)).map(asEvent)

  const finished = (status: FinishedStatus) =>
    `${c('status')} = '${status}', ${c('owner')} = NULL, ${c('leaseUntil')} = NULL, ${c('finishedAt')} = ${sql.now}${
      status === 'failed' ? '' : `, ${c('body')} = '', ${c('error')} = NULL`
    }, ${c('reason')} = ?`

  return {
    tables: [model, log.table],

    claim: (event, leaseMs) =>
      run(async () => {
        checkText(event.id, 'id')
        checkDuration(leaseMs, 'leaseMs')
        return claim(event, leaseMs)
      }),

    renew: (id, owner, leaseMs) =>
      run(async () => {
        checkDuration(leaseMs, 'leaseMs')
        return asOwner(id, owner, `${c('leaseUntil')} = ${lease}`, [leaseMs])
      }),

    // Only the owner adds names, one line each: several handlers that succeed side by side need no other's list.
    succeeded: (id, owner, handler) =>
      run(async () => {
        checkText(handler, 'handler')
        const line = `${c('succeeded')} = ${sql.join(c('succeeded'), '?')}`
        return asOwner(id, owner, line, [`${JSON.stringify(handler)}\n`])
      }),

    release: (id, owner, { error, retryAfterMs }) =>
      run(async () => {
        checkDuration(retryAfterMs, 'retryAfterMs')
        const free = `${c('owner')} = NULL, ${c('leaseUntil')} = NULL`
        const set = `${free}, ${c('dueAt')} = ${lease}, ${c('error')} = ?`
        return asOwner(id, owner, set, [retryAfterMs, error])
      }),

    finish: (id, owner, status, reason) => run(() => asOwner(id, owner, finished(status), [reason ?? null])),

    due: (limit) =>
      run(async () => {
        checkLimit(limit)
        const isDue = `${c('status')} = 'open' AND ${c('dueAt')} <= ${sql.now} AND ${isFree('')}`
        return limit === 0 ? [] : read(`WHERE ${isDue} ORDER BY ${c('dueAt')} LIMIT ${limit}`, [])
      }),

    find: (id) =>
      run(async () => {
        checkText(id, 'id')
        const [event] = await read(`WHERE ${c('id')} = ?`, [id])
        if (event !== undefined && event.id !== id) throw collation()
        return event ?? null
      }),

    list: ({ status, type, since, limit, after }) =>
      run(async () => {
        checkPage(limit)
        if (type !== undefined) checkText(type, 'type')
        if (since !== undefined) checkTime(since, 'since')
        const cursor = after === undefined ? null : parseEventCursor(after)
        const received = c('receivedAt')
        const conditions: [string, unknown[]][] = [
          ['1 = 1', []],
          ...(status === undefined ? [] : [[`${c('status')} = ?`, [status]] as [string, unknown[]]]),
          ...(type === undefined ? [] : [[`${c('type')} = ?`, [type]] as [string, unknown[]]]),
          ...(since === undefined ? [] : [[`${received} >= ${sql.number}`, [since]] as [string, unknown[]]]),
          ...(cursor === null
            ? []
            : [
                [
                  `(${received} < ${sql.number} OR (${received} = ${sql.number} AND ${c('id')} < ?))`,
                  [cursor.receivedAt, cursor.receivedAt, cursor.id],
                ] as [string, unknown[]],
              ]),
        ]
        const where = conditions.map(([condition]) => condition).join(' AND ')
        const found = await read(
          `WHERE ${where} ORDER BY ${received} DESC, ${c('id')} DESC LIMIT ${limit + 1}`,
          conditions.flatMap(([, values]) => values),
        )
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
        return events.execute(
          `UPDATE ${events.name} SET ${finished('discarded')} WHERE ${c('status')} IN ('open', 'failed')
            AND ${c('id')} <> ? AND ${sql.contains(c('subjects'), '?')}`,
          ['subject-erased', exceptId, JSON.stringify(subject)],
        )
      }),

    prune: (olderThanMs) =>
      run(async () => {
        checkDuration(olderThanMs, 'olderThanMs')
        const old = `${c('finishedAt')} < ${sql.now} - ${sql.number}`
        const batch = sql.deleteHasLimit
          ? `WHERE ${old} LIMIT ${PRUNE_BATCH}`
          : `WHERE ${c('id')} IN (SELECT ${c('id')} FROM ${events.name} WHERE ${old} LIMIT ${PRUNE_BATCH})`
        let pruned = 0
        for (let count = PRUNE_BATCH; count >= PRUNE_BATCH; pruned += count) {
          count = await events.execute(`DELETE FROM ${events.name} ${batch}`, [olderThanMs])
        }
        await log.prune(olderThanMs)
        return pruned
      }),

    append: (change) => run(() => log.append(change)),
    changesSince: (position, limit) => run(() => log.changesSince(position, limit)),
    revocations: (position, limit) => run(() => log.revocations(position, limit)),

    ping: () =>
      run(async () => {
        await model.probe()
        await log.table.probe()
      }),
    inspect: () =>
      inspect([
        [model, () => ({})],
        [log.table, () => ({})],
      ]),
  }
}

function names(lines: unknown): readonly string[] {
  const list = String(lines ?? '')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as string]))
  return [...new Set(list)]
}

function asEvent(row: SqlRow): StoredEvent {
  return {
    id: String(row.id),
    type: String(row.type),
    timestamp: numberOf(row.timestamp),
    subjects: JSON.parse(String(row.subjects)) as string[],
    body: String(row.body),
    status: String(row.status) as StoredEvent['status'],
    attempts: numberOf(row.attempts),
    succeeded: names(row.succeeded),
    error: textOrNull(row.error),
    reason: textOrNull(row.reason),
    receivedAt: numberOf(row.receivedAt),
    dueAt: numberOf(row.dueAt),
    leaseUntil: numberOrNull(row.leaseUntil),
    finishedAt: numberOrNull(row.finishedAt),
  }
}
