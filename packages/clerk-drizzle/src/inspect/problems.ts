import type { ConfigurationProblem } from '@acme/clerk-core'
import { type Column, getTableColumns } from 'drizzle-orm'
import type { Kind } from '../table/definitions.js'
import type { Table } from '../table/table.js'

const JSON_ADVICE = "Make it `jsonb(…)`, `json(…)` or `text(…, { mode: 'json' })`."
const TIME_ADVICE =
  "Make it a time of milliseconds as a `Date`: `timestamp(…, { precision: 3, withTimezone: true })`, `datetime(…, { fsp: 3 })`, `integer(…, { mode: 'timestamp_ms' })`."

/** Drizzle's `dataType` of a column that can hold each kind of field, beside `custom`, which says nothing of itself. */
const KINDS: Readonly<Record<Exclude<Kind, 'id'>, readonly [types: readonly string[], advice: string]>> = {
  text: [['string'], 'Make it a column of text.'],
  boolean: [['boolean'], 'Make it a column of booleans.'],
  number: [['number'], "Make it `bigint(…, { mode: 'number' })`, in SQLite `integer(…)`."],
  count: [['number'], "Make it a column of whole numbers, `{ mode: 'number' }` where there are several."],
  date: [['date'], TIME_ADVICE],
  json: [['json'], JSON_ADVICE],
  list: [['json', 'array'], JSON_ADVICE],
}

/** What is wrong with the definition of a table, whatever the database has. */
export function tableProblems(
  table: Table,
  mapping: Readonly<Record<string, string>> = {},
): ConfigurationProblem[] {
  const { option, required, optional, extra } = table.definition
  const columns = getTableColumns(table.source)
  return Object.entries({ ...required, ...optional, ...extra }).flatMap(([field, kind]) => {
    const named = mapping[field]
    const column = columns[named ?? field]
    const at = `drizzleStore ${option}`
    if (column === undefined) {
      if (named === undefined && !(field in required)) return []
      const message = `\`${table.name}\` has no column with the key \`${named ?? field}\`.`
      const remedy = `${wayToHave(field, table)}, or name the key of yours: { ${option}: { fields: { ${field}: '…' } } }.`
      return [{ option: at, message, remedy }]
    }
    if (!table.has(field) || kind === 'id' || fits(column, kind)) return []
    const message = `\`${table.name}.${column.name}\` is ${column.getSQLType()} (${column.dataType}), which does not hold it.`
    return [{ option: at, message, remedy: KINDS[kind][1] }]
  })
}

/** Tables whose columns can be spread into one of the application's. */
const COLUMNS: Readonly<Record<string, string>> = {
  users: 'clerkUserColumns',
  organizations: 'clerkOrganizationColumns',
  memberships: 'clerkMembershipColumns',
  invitations: 'clerkInvitationColumns',
}

function wayToHave(field: string, { definition, dialect }: Table): string {
  const columns = field === 'id' || field in definition.extra ? undefined : COLUMNS[definition.option]
  return columns === undefined
    ? 'Add it'
    : `Spread \`...${columns}()\` of '@acme/clerk-drizzle/${dialect.door}' into the table`
}

function fits(column: Column, kind: Exclude<Kind, 'id'>): boolean {
  if (column.dataType === 'custom') return true
  if (!KINDS[kind][0].includes(column.dataType)) return false
  if (kind === 'date') return keepsMilliseconds(column)
  // SQLite's integer holds milliseconds.
  return (
    kind !== 'number' ||
    column.columnType.startsWith('SQLite') ||
    !/^(int|smallint)/.test(column.getSQLType())
  )
}

function keepsMilliseconds(column: Column): boolean {
  if (column.columnType === 'SQLiteTimestamp') return 'mode' in column && column.mode === 'timestamp_ms'
  if (/^(MySqlDateTime|MySqlTimestamp)$/.test(column.columnType))
    return 'fsp' in column && Number(column.fsp) >= 3
  if (column.columnType === 'PgTimestamp')
    return !('precision' in column) || column.precision === undefined || Number(column.precision) >= 3
  return false
}
