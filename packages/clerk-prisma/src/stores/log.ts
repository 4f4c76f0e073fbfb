import {
  advanceLog,
  type Change,
  type ChangePage,
  checkChange,
  checkPage,
  formatLogPosition,
  LOG_LOOK_BACK_MS,
  logPositionAt,
  logRanges,
  type NewChange,
  parseLogPosition,
} from '@acme/clerk-core/store'
import { numberOf, numberOrNull, type SqlRow, sqlTable, textOrNull } from '../sql/sql-table.js'
import type { Table } from '../table/table.js'
import type { Context } from './context.js'

const PRUNE_BATCH = 1000
const MEMBERS = ['position', 'at', 'id', 'type', 'subjects', 'narrows', 'version'] as const

/** The append-only log. The database numbers its entries and gives them their time. */
export function logStore({ client, sql }: Context, table: Table) {
  const entries = sqlTable(client, sql, table)
  const c = (field: string) => entries.column(field)
  const selected = MEMBERS.map((field) => `${c(field)} AS ${sql.quote(field)}`).join(', ')
  const place = `${c('position')} AS position, ${c('at')} AS ${sql.quote('at')}`
  const insert = `INSERT INTO ${entries.name} (${['at', 'id', 'type', 'subjects', 'narrows', 'version'].map(c).join(', ')})
    VALUES (${sql.now}, ?, ?, ?, ?, ${sql.number})`

  /**
   * Entries in the order of their places, and the database's time, in one statement. Each of the ranges, which are apart and
   * in order, is read by the primary key: SQLite reads the whole table for ranges that are joined by OR.
   */
  async function read(ranges: readonly string[], limit: number) {
    const parts = ranges.map(
      (range, index) =>
        `SELECT r${index}.* FROM (SELECT ${selected} FROM ${entries.name} l WHERE ${range} ORDER BY ${c('position')} LIMIT ${limit}) r${index}`,
    )
    const rows = await entries.query(
      `SELECT n.${sql.quote('now')} AS ${sql.quote('now')}, e.* FROM (SELECT ${sql.now} AS ${sql.quote('now')}) n
        LEFT JOIN (${parts.join(' UNION ALL ')} ORDER BY ${sql.quote('position')} LIMIT ${limit}) e ON 1 = 1
        ORDER BY e.${sql.quote('position')}`,
    )
    return {
      changes: rows.filter(({ position }) => position !== null).map(asChange),
      now: numberOf(rows[0]?.now),
    }
  }

  /**
   * Behind the newest entry that is older than two minutes. Not before the first one of these two minutes: a lower number
   * may be given, and not visible yet.
   */
  async function aboutNow(): Promise<number> {
    const [row] = await entries.query(
      `SELECT ${c('position')} AS position FROM ${entries.name} WHERE ${c('at')} < ${sql.now} - ${LOG_LOOK_BACK_MS}
        ORDER BY ${c('at')} DESC LIMIT 1`,
    )
    return numberOf(row?.position ?? 0)
  }

  return {
    table,

    async append(change: NewChange): Promise<{ position: string; at: number }> {
      checkChange(change)
      const { id, type, subjects, narrows, version } = change
      const values = [id, type, JSON.stringify(subjects), narrows, version]
      const [row] = sql.upsertReturns
        ? await entries.query(`${insert} RETURNING ${place}`, values)
        : await entries.executeAndQuery(
            insert,
            values,
            `SELECT ${place} FROM ${entries.name} WHERE ${c('position')} = LAST_INSERT_ID()`,
          )
      return { position: placeOf(row?.position), at: numberOf(row?.at) }
    },

    async changesSince(position: string | null, limit: number): Promise<ChangePage> {
      checkPage(limit)
      const from = position === null ? logPositionAt(await aboutNow()) : parseLogPosition(position)
      const { after, gaps } = logRanges(from)
      const ranges = gaps.map(({ from, to }) => `${c('position')} BETWEEN ${from} AND ${to}`)
      const { changes, now } = await read([...ranges, `${c('position')} > ${after}`], limit)
      const numbers = changes.map(({ position }) => parseLogPosition(position).last)
      const next = advanceLog(from, numbers, { limit, now })
      return { changes, position: formatLogPosition(next.position), now, more: next.more }
    },

    async revocations(position: string | null, limit: number): Promise<ChangePage> {
      checkPage(limit)
      const from = position === null ? 0 : parseLogPosition(position).last
      // `covers` of @acme/clerk-core/store.
      const covering = `SELECT 1 FROM ${entries.name} o WHERE o.${c('narrows')} = l.${c('narrows')} AND o.${c('position')} > l.${c('position')} AND (o.${c('version')} IS NULL OR o.${c('version')} >= l.${c('version')})`
      const where = `l.${c('narrows')} IS NOT NULL AND l.${c('position')} > ${from} AND NOT EXISTS (${covering})`
      const { changes, now } = await read([where], limit)
      return {
        changes,
        position: changes.at(-1)?.position ?? placeOf(from),
        now,
        more: changes.length >= limit,
      }
    },

    async prune(olderThanMs: number): Promise<void> {
      const oldest = `WHERE ${c('at')} < ${sql.now} - ${sql.number} ORDER BY ${c('at')} LIMIT ${PRUNE_BATCH}`
      const remove = sql.remove(entries.name, c('position'), oldest)
      for (let count = PRUNE_BATCH; count >= PRUNE_BATCH; ) {
        count = await entries.execute(remove, [olderThanMs])
      }
    },
  }
}

const placeOf = (number: unknown): string => formatLogPosition(logPositionAt(numberOf(number)))

function asChange(row: SqlRow): Change {
  return {
    position: placeOf(row.position),
    at: numberOf(row.at),
    id: String(row.id),
    type: String(row.type),
    subjects: JSON.parse(String(row.subjects)) as string[],
    narrows: textOrNull(row.narrows),
    version: numberOrNull(row.version),
  }
}
