import { StoreFaultError, type StoreFinding } from '@acme/clerk-core/store'
import { type Column, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { Values } from '../db/queries.js'
import type { Table } from '../table/table.js'
import { isNamed, uniqueColumns } from '../table/unique.js'

const MIGRATE = 'then `npx --yes drizzle-kit generate` and `npx --yes drizzle-kit migrate`'

/** What in the database, or in the definition of the table, will refuse a write of the store, or make its reads slow. */
export async function inspectTable(table: Table, own: () => Values): Promise<readonly StoreFinding[]> {
  const lacking = await missingFindings(table)
  if (lacking.length > 0) return lacking
  return [...columnFindings(table, own), ...indexFindings(table), ...(await databaseFindings(table))]
}

/** Every column of the table, as a lookup reads it: one of the application's own that is missing fails each request. */
async function missingFindings(table: Table): Promise<StoreFinding[]> {
  const { name } = table
  const columns = Object.entries(getTableColumns(table.source))
  const fault = await faultOf(table, Object.fromEntries(columns))
  if (fault === null) return []
  const error = (message: string): StoreFinding => ({ severity: 'error', message, remedy: fault.remedy })
  const missing: string[] = []
  if (fault.fault === 'missing')
    for (const [key, column] of columns)
      if ((await faultOf(table, { [key]: column }))?.fault === 'missing') missing.push(table.nameOf(column))
  if (missing.length === columns.length) return [error(`The table \`${name}\` is missing.`)]
  return missing.length === 0
    ? [error(`The table \`${name}\` cannot be read as it is defined (${fault.fault}).`)]
    : missing.map((column) => error(`The column \`${name}.${column}\` is missing.`))
}

/** @throws what tells nothing of the table: an outage */
async function faultOf(
  table: Table,
  columns: Readonly<Record<string, Column>>,
): Promise<StoreFaultError | null> {
  try {
    await table.query(() => table.db.select(columns).from(table.source).limit(1))
    return null
  } catch (error) {
    if (error instanceof StoreFaultError) return error
    throw error
  }
}

function columnFindings(table: Table, own: () => Values): StoreFinding[] {
  const { filled, option } = table.definition
  const synced = new Map([...table.fields].map(([field, { key }]) => [key, field]))
  const given = namesOf(own)
  return Object.entries(getTableColumns(table.source)).flatMap(([key, column]): StoreFinding[] => {
    const at = `\`${table.name}.${column.name}\``
    const field = synced.get(key)
    if (field !== undefined) {
      if (!column.notNull || filled.includes(field)) return []
      const message = `${at} is NOT NULL, and the row of a deletion, or of a user who has none, is empty there.`
      return [{ severity: 'error', message, remedy: `Leave \`.notNull()\` out, ${MIGRATE}.` }]
    }
    if (given === null || given.has(key) || !column.notNull || fillsItself(column)) return []
    const message = `${at} is NOT NULL without a default, and \`create\` of \`${option}\` does not fill it: no row can be made.`
    const remedy = `Fill it: { ${option}: { create: () => ({ ${key}: … }) } }, or let it be empty, ${MIGRATE}.`
    return [{ severity: 'error', message, remedy }]
  })
}

const fillsItself = (column: Column): boolean =>
  column.hasDefault ||
  column.defaultFn !== undefined ||
  column.onUpdateFn !== undefined ||
  column.generated !== undefined

/** What `create` does cannot be told without running it, and it may need more than an id. */
function namesOf(own: () => Values): ReadonlySet<string> | null {
  try {
    return new Set(Object.keys(own()))
  } catch {
    return null
  }
}

function indexFindings(table: Table): StoreFinding[] {
  const { indexes } = table.dialect.config(table.source)
  const names = indexes.map(({ config }) =>
    config.columns.map((column) => (isNamed(column) ? column.name : '')),
  )
  return table.definition.indexes.flatMap((fields): StoreFinding[] => {
    if (!fields.every((field) => table.has(field))) return []
    const columns = fields.map((field) => table.column(field).name)
    if (names.some((index) => columns.every((column, place) => index[place] === column))) return []
    if (columns.length === 1 && uniqueColumns(table).has(String(columns[0]))) return []
    const message = `\`${table.name}\` has no index on ${columns.join(', ')}: the table is read from end to end.`
    const remedy = `Add it to the table, \`index('…').on(${fields.map((field) => `table.${field}`).join(', ')})\`, ${MIGRATE}.`
    return [{ severity: 'warning', message, remedy }]
  })
}

/** What the database itself has: a definition says what a migration would make. */
async function databaseFindings(table: Table): Promise<StoreFinding[]> {
  const { dialect, db, name, definition } = table
  const named = async (source: SQL) =>
    new Set(
      (await table.query(() => db.select({ name: sql.raw('u.name') }).from(source))).map((row) => row.name),
    )
  const unique = await named(dialect.uniqueColumns(name, schemaOf(table)))
  const columns = dialect.columns && (await named(dialect.columns(name)))
  const columnOf = (field: string) => table.nameOf(table.column(field))
  const findings = Object.values(getTableColumns(table.source)).flatMap((column): StoreFinding[] => {
    if (columns === null || columns.has(table.nameOf(column))) return []
    const message = `The column \`${name}.${table.nameOf(column)}\` is missing.`
    return [{ severity: 'error', message, remedy: `Run ${MIGRATE.slice('then '.length)}.` }]
  })
  // A number that the database gives is unique.
  if (definition.key !== 'position' && !unique.has(columnOf(definition.key))) {
    const message = `\`${name}.${columnOf(definition.key)}\` is not unique: two processes make two rows of one id.`
    findings.push({ severity: 'error', message, remedy: `Make it \`.unique()\`, ${MIGRATE}.` })
  }
  const declared = uniqueColumns(table)
  for (const [field, { column, kind }] of table.fields) {
    if (kind === 'id' || field === definition.key || !unique.has(columnOf(field))) continue
    const at = `\`${name}.${columnOf(field)}\``
    if (!definition.mayBeUnique.includes(field)) {
      const message = `${at} is unique, and many rows from Clerk have the same value there.`
      findings.push({
        severity: 'error',
        message,
        remedy: `Drop the index, or leave \`.unique()\` out, ${MIGRATE}.`,
      })
    } else if (!declared.has(column.name)) {
      const message = `${at} is unique in the database, and the table does not say so: an address that moves from one user to another is in the way.`
      findings.push({
        severity: 'warning',
        message,
        remedy: `Make it \`.unique()\`, or name it: { unique: ['${field}'] }.`,
      })
    }
  }
  return [...findings, ...(await collationFindings(table))]
}

const schemaOf = ({ dialect, source }: Table) => dialect.config(source).schema

async function collationFindings(table: Table): Promise<StoreFinding[]> {
  const { dialect, db, name, definition } = table
  if (dialect.name !== 'mysql') return []
  const rows = await table.query(() =>
    db
      .select({ column: sql.raw('COLUMN_NAME'), collation: sql.raw('COLLATION_NAME') })
      .from(sql.raw('information_schema.COLUMNS'))
      .where(sql`TABLE_SCHEMA = ${schemaOf(table) ?? sql`DATABASE()`} AND TABLE_NAME = ${name}`),
  )
  const exact = new Set(definition.exact.map((field) => table.nameOf(table.column(field))))
  return rows.flatMap(({ column, collation }): StoreFinding[] => {
    if (!exact.has(String(column)) || collation === null || /_bin$|_cs$/.test(String(collation))) return []
    const message = `\`${name}.${column}\` compares ids without regard to case (${collation}).`
    const remedy = `Take the column of '@acme/clerk-drizzle/mysql', or give it the collation utf8mb4_bin, ${MIGRATE}.`
    return [{ severity: 'error', message, remedy }]
  })
}
