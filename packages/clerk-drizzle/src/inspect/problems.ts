import type { ConfigurationProblem } from '@acme/clerk-core'
import { type Column, getTableColumns } from 'drizzle-orm'
import type { Kind } from '../table/definitions.js'
import type { Table } from '../table/table.js'

/** Drizzle's `dataType` of a column that can hold each kind of field. A `custom` one says nothing of itself. */
const DATA_TYPES: Readonly<Record<Kind, readonly string[] | null>> = {
  id: null,
  text: ['string', 'custom'],
  boolean: ['boolean', 'custom'],
  number: ['number', 'custom'],
  count: ['number', 'custom'],
  date: ['date', 'custom'],
  json: ['json', 'custom'],
  list: ['json', 'array', 'custom'],
}

const ADVICE: Readonly<Record<Kind, string>> = {
  id: '',
  text: 'Make it a column of text.',
  boolean: 'Make it a column of booleans.',
  number: "Make it `bigint(…, { mode: 'number' })`, in SQLite `integer(…)`.",
  count: "Make it a column of whole numbers, `{ mode: 'number' }` where there are several.",
  date: "Make it a time of milliseconds as a `Date`: `timestamp(…, { precision: 3, withTimezone: true })`, `datetime(…, { fsp: 3 })`, `integer(…, { mode: 'timestamp_ms' })`.",
  json: "Make it `jsonb(…)`, `json(…)` or `text(…, { mode: 'json' })`.",
  list: "Make it `jsonb(…)`, `json(…)` or `text(…, { mode: 'json' })`.",
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
    if (!table.has(field) || fits(column, kind)) return []
    const message = `\`${table.name}.${column.name}\` is ${column.getSQLType()} (${column.dataType}), which does not hold it.`
    return [{ option: at, message, remedy: ADVICE[kind] }]
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

function fits(column: Column, kind: Kind): boolean {
  const types = DATA_TYPES[kind]
  if (types === null) return true
  if (!types.includes(column.dataType)) return false
  return kind === 'date'
    ? keepsMilliseconds(column)
    : kind !== 'number' || !/^(int|smallint)/.test(sqlType(column))
}

const sqlType = (column: Column) => (column.columnType.startsWith('SQLite') ? '' : column.getSQLType())

function keepsMilliseconds(column: Column): boolean {
  if (column.columnType === 'SQLiteTimestamp') return 'mode' in column && column.mode === 'timestamp_ms'
  if (/^(MySqlDateTime|MySqlTimestamp)$/.test(column.columnType))
    return 'fsp' in column && Number(column.fsp) >= 3
  if (column.columnType === 'PgTimestamp')
    return !('precision' in column) || column.precision === undefined || Number(column.precision) >= 3
  return column.dataType === 'custom'
}
