import type { Dialect } from '../client/dialect.js'
import type { ClientInternals } from '../client/prisma-client.js'
import type { Table } from './table.js'

const NONE: ReadonlySet<string> = new Set()
/** Per connection pool and model: a store made for one transaction must not ask again. */
const known = new WeakMap<object, Map<string, Promise<ReadonlySet<string>>>>()

/**
 * Which of the synced fields are unique in the database, asked once: generated clients do not say, and an application
 * that forgets to tell finds out when two of its users have used one address.
 */
export function uniqueFields(
  client: ClientInternals,
  dialect: Dialect,
  table: Table,
  declared: readonly string[] | undefined,
): () => Promise<ReadonlySet<string>> {
  const candidates = table.definition.mayBeUnique
  if (declared !== undefined) {
    const fields: ReadonlySet<string> = new Set(declared)
    return async () => fields
  }
  if (candidates.length === 0 || table.description === null || client.$queryRawUnsafe === undefined) {
    return async () => NONE
  }
  const owner = typeof client._engine === 'object' && client._engine !== null ? client._engine : client
  const perModel = known.get(owner) ?? new Map<string, Promise<ReadonlySet<string>>>()
  known.set(owner, perModel)
  return () => {
    const asked = perModel.get(table.model) ?? detect(client, dialect, table)
    perModel.set(table.model, asked)
    asked.catch(() => perModel.delete(table.model))
    return asked
  }
}

async function detect(client: ClientInternals, dialect: Dialect, table: Table): Promise<ReadonlySet<string>> {
  const name = dialect.catalogue.byQuotedName ? quotedTable(table, dialect) : tableName(table)
  const rows = await client.$queryRawUnsafe?.(dialect.uniqueColumns, name)
  const unique = new Set((rows as readonly { column: unknown }[]).map(({ column }) => String(column)))
  return new Set(table.definition.mayBeUnique.filter((field) => unique.has(sqlColumn(table, field) ?? '')))
}

/** Name of the table in SQL (`@@map`), without quotes. */
export function tableName({ model, description }: Table): string {
  return description?.dbName ?? description?.name ?? model
}

/** The table as it stands in a statement, with its `@@schema` where it has one. */
export function quotedTable(table: Table, { quote }: Dialect): string {
  const schema = table.description?.schema
  return [...(schema ? [schema] : []), tableName(table)].map(quote).join('.')
}

/** Name of the column in SQL (`@map`), without quotes; `null`: not stored. */
export function sqlColumn({ columns, description }: Table, field: string): string | null {
  const column = columns.get(field) ?? null
  return description?.fields.find(({ name }) => name === column)?.dbName ?? column
}
