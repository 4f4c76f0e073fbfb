import type { ClientInternals } from '../client/prisma-client.js'
import { isTransaction } from '../client/prisma-client.js'
import type { Table } from '../table/table.js'
import type { SqlDialect } from './statements.js'

export type SqlRow = Readonly<Record<string, unknown>>

/**
 * A table of ours in SQL of its own. The model API can neither take the database's time nor change a row on a condition and
 * answer it in one statement, and Prisma compiles each of its queries anew.
 */
export interface SqlTable {
  /** Quoted, with its schema. */
  readonly name: string
  /** Quoted. */
  column(field: string): string
  query(sql: string, values?: readonly unknown[]): Promise<SqlRow[]>
  /** How many rows were touched. */
  execute(sql: string, values?: readonly unknown[]): Promise<number>
  /** Runs a statement, and a query on the same connection. */
  executeAndQuery(sql: string, values: readonly unknown[], then: string): Promise<SqlRow[]>
}

interface RawClient {
  $queryRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<SqlRow[]>
  $executeRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<number>
  $transaction(statements: readonly PromiseLike<unknown>[]): PromiseLike<unknown[]>
}

export function sqlTable(internals: ClientInternals, dialect: SqlDialect, table: Table): SqlTable {
  const client = internals as unknown as RawClient
  const { description } = table
  const schema = description?.schema ?? null
  const model = table.model.charAt(0).toUpperCase() + table.model.slice(1)
  const name = dialect.quote(description?.dbName ?? description?.name ?? model)
  const columns = new Map(
    [...table.columns].map(([field, column]) => {
      const found = description?.fields.find((candidate) => candidate.name === column)
      return [field, dialect.quote(found?.dbName ?? column ?? field)]
    }),
  )

  return {
    name: schema === null ? name : `${dialect.quote(schema)}.${name}`,
    column: (field) => columns.get(field) ?? dialect.quote(field),
    query: async (sql, values = []) => client.$queryRawUnsafe(dialect.placeholders(sql), ...values),
    execute: async (sql, values = []) => client.$executeRawUnsafe(dialect.placeholders(sql), ...values),
    async executeAndQuery(sql, values, then) {
      const statement = client.$executeRawUnsafe(dialect.placeholders(sql), ...values)
      if (isTransaction(internals)) {
        await statement
        return client.$queryRawUnsafe(then)
      }
      const [, rows] = await client.$transaction([statement, client.$queryRawUnsafe(then)])
      return rows as SqlRow[]
    },
  }
}

/** Databases and drivers answer a number as a number, a bigint, a decimal or a text. */
export const numberOf = (value: unknown): number => Number(value)

export const numberOrNull = (value: unknown): number | null => (value == null ? null : Number(value))

export const textOrNull = (value: unknown): string | null => (value == null ? null : String(value))
