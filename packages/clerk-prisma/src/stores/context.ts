import { ConfigurationError } from '@acme/clerk-core'
import { DIALECTS, type Dialect } from '../client/dialect.js'
import { type ClientInternals, isTransaction } from '../client/prisma-client.js'
import { SQL_DIALECTS, type SqlDialect } from '../sql/statements.js'
import type { TableDefinition } from '../table/definitions.js'
import { operation } from '../table/retry.js'
import { Table } from '../table/table.js'
import { uniqueFields } from '../table/unique-columns.js'
import { Versioned } from '../table/versioned.js'

export interface ModelOptions {
  readonly model?: string | undefined
  readonly fields?: object | undefined
  readonly unique?: readonly string[] | undefined
}

/** What the stores of one `prismaStore` share. */
export interface Context {
  readonly client: ClientInternals
  readonly dialect: Dialect
  readonly sql: SqlDialect
  table(definition: TableDefinition, options: ModelOptions | undefined): Table
  versioned(definition: TableDefinition, options: ModelOptions | undefined): Versioned
  /** Every public method of a store runs in it. */
  run<T>(work: () => Promise<T>): Promise<T>
}

/** @throws {ConfigurationError} for a database this package does not know */
export function createContext(client: ClientInternals, provider: string | undefined): Context {
  const name = provider ?? (typeof client._activeProvider === 'string' ? client._activeProvider : '')
  const database = name === 'postgres' ? 'postgresql' : name
  const dialect = DIALECTS[database]
  const sql = SQL_DIALECTS[database]
  if (dialect === undefined || sql === undefined) {
    const message =
      name === '' ? 'the client does not say which database it is for.' : `"${name}" is not supported.`
    const remedy = `Set { provider: '…' }, one of ${Object.keys(DIALECTS).join(', ')}.`
    throw new ConfigurationError([{ option: 'prismaStore provider', message, remedy }])
  }
  const repetition = { repeat: !isTransaction(client), isContention: dialect.isContention }
  const table: Context['table'] = (definition, options = {}) =>
    new Table(client, dialect, definition, options)
  return {
    client,
    dialect,
    sql,
    table,
    versioned(definition, options = {}) {
      const rows = table(definition, options)
      return new Versioned(rows, uniqueFields(client, dialect, rows, options.unique))
    },
    run: (work) => operation(work, repetition),
  }
}
