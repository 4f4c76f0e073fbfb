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
import { aliasedTable, type Table as DrizzleTable, desc, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { Row } from '../db/queries.js'
import type { Table } from '../table/table.js'

const MEMBERS = ['position', 'at', 'id', 'type', 'subjects', 'narrows', 'version'] as const

/** The append-only log. The database numbers its entries and gives them their time. */
export function logStore(table: Table) {
  const { db, source, dialect } = table
  const { now } = dialect
  const position = table.column('position')
  const selected = sql.join(
    MEMBERS.map((member) => sql`${table.column(member)} AS ${sql.identifier(`e_${member}`)}`),
    sql`, `,
  )

  /**
   * Entries in the order of their places, and the database's time, in one statement. Each of the ranges, which are apart and
   * in order, is read by the primary key: SQLite reads the whole table for ranges that are joined by OR.
   */
  async function read(ranges: readonly SQL[], limit: number) {
    const most = sql.raw(String(limit))
    const parts = ranges.map(
      (range, index) =>
        sql`SELECT * FROM (SELECT ${selected} FROM ${source} WHERE ${range} ORDER BY ${position} LIMIT ${most}) ${sql.raw(`r${index}`)}`,
    )
    const entries = sql`${sql.join(parts, sql` UNION ALL `)} ORDER BY e_position LIMIT ${most}`
    const columns = Object.fromEntries(MEMBERS.map((member) => [member, sql.raw(`e.e_${member}`)]))
    const rows = await table.query(() => {
      const query = db
        .select({ now: sql.raw('n.n_now'), ...columns })
        .from(sql`(SELECT ${now} AS n_now) n LEFT JOIN (${entries}) e ON 1 = 1`)
        .orderBy(sql.raw('e.e_position'))
      query.$withCache?.(false)
      return query
    })
    return {
      changes: rows.filter((row) => row.position !== null).map(asChange),
      now: Number(rows[0]?.now),
    }
  }

  /**
   * Behind the newest entry that is older than two minutes. Not before the first one of these two minutes: a lower number
   * may be given, and not visible yet.
   */
  async function aboutNow(): Promise<number> {
    const at = table.column('at')
    const where = sql`${at} < ${now} - ${sql.raw(String(LOG_LOOK_BACK_MS))}`
    const [row] = await table.findMany({ where, orderBy: [desc(at)], limit: 1, only: ['position'] })
    return Number(row?.position ?? 0)
  }

  return {
    async append(change: NewChange): Promise<{ position: string; at: number }> {
      checkChange(change)
      const { id, type, subjects, narrows, version } = change
      const values = { at: now, id, type, subjects: JSON.stringify(subjects), narrows, version }
      const insert = () => db.insert(source).values(values)
      const place = { position, at: table.column('at') }
      if (dialect.returns) {
        const [row] = await table.query(() => insert().returning(place))
        return { position: placeOf(row?.position), at: Number(row?.at) }
      }
      const [made] = await table.query(() => insert().$returningId())
      const row = await table.findByKey(Object.values(made ?? {})[0])
      return { position: placeOf(row?.position), at: Number(row?.at) }
    },

    async changesSince(place: string | null, limit: number): Promise<ChangePage> {
      checkPage(limit)
      const from = place === null ? logPositionAt(await aboutNow()) : parseLogPosition(place)
      const { after, gaps } = logRanges(from)
      const ranges = gaps.map(({ from, to }) => sql`${position} BETWEEN ${from} AND ${to}`)
      const { changes, now } = await read([...ranges, sql`${position} > ${after}`], limit)
      const numbers = changes.map(({ position }) => parseLogPosition(position).last)
      const next = advanceLog(from, numbers, { limit, now })
      return { changes, position: formatLogPosition(next.position), now, more: next.more }
    },

    async revocations(place: string | null, limit: number): Promise<ChangePage> {
      checkPage(limit)
      const from = place === null ? 0 : parseLogPosition(place).last
      // `covers` of @acme/clerk-core/store.
      const other: DrizzleTable = aliasedTable(source, 'o')
      const of = (member: string) => getTableColumns(other)[table.fields.get(member)?.key ?? member]
      const covering = sql`SELECT 1 FROM ${source} ${sql.raw('o')} WHERE ${of('narrows')} = ${table.column('narrows')}
        AND ${of('position')} > ${position} AND (${of('version')} IS NULL OR ${of('version')} >= ${table.column('version')})`
      const where = sql`${table.column('narrows')} IS NOT NULL AND ${position} > ${from} AND NOT EXISTS (${covering})`
      const { changes, now } = await read([where], limit)
      return {
        changes,
        position: changes.at(-1)?.position ?? placeOf(from),
        now,
        more: changes.length >= limit,
      }
    },
  }
}

const placeOf = (number: unknown): string => formatLogPosition(logPositionAt(Number(number)))

function asChange(row: Row): Change {
  return {
    position: placeOf(row.position),
    at: Number(row.at),
    id: String(row.id),
    type: String(row.type),
    subjects: JSON.parse(String(row.subjects)) as string[],
    narrows: row.narrows === null ? null : String(row.narrows),
    version: row.version === null ? null : Number(row.version),
  }
}
