import { ConfigurationError } from '@acme/clerk-core'
import { StoreFaultError, type StoreFinding } from '@acme/clerk-core/store'
import { DIALECTS, type Dialect } from '../client/dialect.js'
import { storeFault } from '../client/errors.js'
import { type ClientInternals, isTransaction } from '../client/prisma-client.js'
import { extensionEffect, inspectTable, nullabilityRemedy } from '../schema/inspect.js'
import { SQL_DIALECTS, type SqlDialect } from '../sql/statements.js'
import type { TableDefinition } from '../table/definitions.js'
import { operation } from '../table/retry.js'
import { Table, type Values } from '../table/table.js'
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
  /** What the database and the extensions of the client will refuse. @param own the application's columns of a new row */
  inspect(tables: readonly (readonly [Table, own: () => Values])[]): Promise<readonly StoreFinding[]>
}

/** @throws {ConfigurationError} for a database this package does not know */
export function createContext(client: ClientInternals, provider: string | undefined): Context {
  const name = provider ?? (typeof client._activeProvider === 'string' ? client._activeProvider : '')
  const database = name === 'postgres' ? 'postgresql' : name
  const known = DIALECTS[database]
  const sql = SQL_DIALECTS[database]
  if (known === undefined || sql === undefined) {
    const message =
      name === '' ? 'the client does not say which database it is for.' : `"${name}" is not supported.`
    const remedy = `Set { provider: '…' }, one of ${Object.keys(DIALECTS).join(', ')}.`
    throw new ConfigurationError([{ option: 'prismaStore provider', message, remedy }])
  }
  const dialect: Dialect = known
  const repetition = { repeat: !isTransaction(client), isContention: dialect.isContention }
  const tables: Table[] = []
  const table: Context['table'] = (definition, options = {}) => {
    const made = new Table(client, dialect, definition, options)
    if (definition.raw !== true) tables.push(made)
    return made
  }

  let unaltered: Promise<void> | null = null
  /** Before the first query: what an extension hides would be "no such row", which is a decision. */
  const refuseAltered = () => {
    unaltered ??= (async () => {
      for (const one of tables)
        if ((await extensionEffect(client, one)) === 'changed')
          throw storeFault('hidden', 'extension', one.model)
    })()
    return unaltered
  }

  /** A column that may not be empty is told with the statement that lets it be. */
  async function explained(error: unknown): Promise<unknown> {
    if (!(error instanceof StoreFaultError) || error.fault !== 'required' || error.field === undefined)
      return error
    const { model, field, fault, driverCode } = error
    const found = tables.find((one) =>
      [one.model, one.description?.name, one.description?.dbName].includes(model),
    )
    if (found === undefined) return error
    // In a transaction that has failed nothing can be asked any more.
    const remedy = await nullabilityRemedy({ client, dialect, table: found }, field).catch(() => null)
    return remedy === null ? error : storeFault(fault, driverCode, model, { field, remedy })
  }

  return {
    client,
    dialect,
    sql,
    table,
    versioned(definition, options = {}) {
      const rows = table(definition, options)
      return new Versioned(rows, uniqueFields(client, dialect, rows, options.unique))
    },
    async run(work) {
      await refuseAltered()
      try {
        return await operation(work, repetition)
      } catch (error) {
        throw await explained(error)
      }
    },
    inspect: (asked) =>
      operation(async () => {
        const found = asked.map(([one, own]) => inspectTable({ client, dialect, table: one, own }))
        return (await Promise.all(found)).flat()
      }, repetition),
  }
}
