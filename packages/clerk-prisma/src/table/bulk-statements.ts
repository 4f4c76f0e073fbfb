import { StoreUnavailableError } from '@acme/clerk-core'
import { storable } from '@acme/clerk-core/store'
import type { Dialect } from '../client/dialect.js'
import { queried, toStoreError } from '../client/errors.js'
import { type ClientInternals, isTransaction } from '../client/prisma-client.js'
import { readCatalogue } from '../schema/catalogue.js'
import { type Filling, prismaFills } from '../schema/prisma-fills.js'
import type { Table, Values } from './table.js'
import { quotedTable, sqlColumn, tableName } from './unique-columns.js'

type JsonRow = Readonly<Record<string, unknown>>
type ClerkIds = ReadonlySet<unknown>

/** How a model is written without Prisma's query engine. */
interface Plan {
  /** Field of the model → its column: quoted, and its type as the database writes it. */
  readonly columns: ReadonlyMap<string, { readonly name: string; readonly type: string }>
  readonly fills: ReadonlyMap<string, Filling>
}

/**
 * Many rows in one statement of PostgreSQL's, with one parameter: the rows as JSON. Prisma compiles a query of 200 rows for
 * longer than the database takes to write them.
 *
 * Every method answers `null` where that cannot do what Prisma would do, and nothing was written then: in a transaction, which
 * a refused statement would end; on an extended client, whose extensions would not see the rows; for a column that Prisma
 * fills in a way not known here; for a value that is no JSON; and after the database has refused such a statement.
 */
export class BulkStatements {
  readonly #client: ClientInternals
  readonly #dialect: Dialect
  readonly #table: Table
  #plan: Promise<Plan | null> | null = null

  constructor(client: ClientInternals, dialect: Dialect, table: Table) {
    this.#client = client
    this.#dialect = dialect
    this.#table = table
  }

  /** @returns the Clerk ids of the rows that were written: no unique value of theirs was taken */
  async insert(rows: readonly { readonly values: Values; readonly own: Values }[]): Promise<ClerkIds | null> {
    const plan = await this.#planned()
    if (plan === null) return null
    const fills = [...plan.fills]
    const ready = rows.map(({ values, own }) => {
      const filled = Object.fromEntries(fills.map(([field, { value }]) => [field, value()]))
      return jsonRow({ ...filled, ...given(own), ...this.#named(values) })
    })
    return this.#each(plan, ready, (name, columns) => {
      const names = columns.map((column) => column.name)
      return `INSERT INTO ${name} (${names.join(', ')}) SELECT ${names.map((one) => `x.${one}`).join(', ')}
        FROM ${recordset(columns)} ORDER BY x.${this.#sql('clerkId')} ON CONFLICT DO NOTHING
        RETURNING ${this.#sql('clerkId')} AS "clerkId"`
    })
  }

  /**
   * Overwrites rows that are live and of no higher version. Times that only grow are written where they are no earlier.
   *
   * @returns the Clerk ids of the rows that were written
   */
  async update(rows: readonly Values[], growing: readonly string[]): Promise<ClerkIds | null> {
    const plan = await this.#planned()
    if (plan === null) return null
    const fills = [...plan.fills].filter(([, { atUpdates }]) => atUpdates)
    const ready = rows.map((values) => {
      const filled = Object.fromEntries(fills.map(([field, { value }]) => [field, value()]))
      return jsonRow({ ...filled, ...this.#named(values) })
    })
    const key = this.#sql('clerkId')
    const version = this.#sql('version')
    return this.#each(plan, ready, (name, columns) => {
      const set = columns
        .filter((column) => column.name !== key)
        .map((column) => `${column.name} = x.${column.name}`)
      const times = growing
        .map((field) => this.#sql(field))
        .filter((time) => columns.some((column) => column.name === time))
        .map((time) => ` AND (t.${time} IS NULL OR t.${time} <= x.${time})`)
      return `UPDATE ${name} AS t SET ${set.join(', ')} FROM ${recordset(columns)}
        WHERE t.${key} = x.${key} AND t.${version} <= x.${version} AND t.${this.#sql('deletedAt')} IS NULL${times.join('')}
        RETURNING t.${key} AS "clerkId"`
    })
  }

  #planned(): Promise<Plan | null> {
    this.#plan ??= this.#makePlan().catch((error: unknown) => {
      this.#plan = null
      throw error
    })
    return this.#plan
  }

  async #makePlan(): Promise<Plan | null> {
    const table = this.#table
    const { description } = table
    if (this.#dialect.name !== 'postgresql' || isTransaction(this.#client) || isExtended(this.#client))
      return null
    const fills = prismaFills(this.#client, table)
    if (fills === null || description === null || !table.has('deletedAt')) return null
    const names = { name: tableName(table), quoted: quotedTable(table, this.#dialect) }
    const catalogue = await readCatalogue(this.#client, this.#dialect, names)
    if (catalogue === null) return null
    const columns = new Map(
      description.fields.flatMap(({ name, dbName }) => {
        const column = catalogue.columns.find((one) => one.name === (dbName ?? name))
        const quoted = this.#dialect.quote(dbName ?? name)
        return column === undefined ? [] : [[name, { name: quoted, type: column.type }] as const]
      }),
    )
    return { columns, fills }
  }

  /** One statement for each set of columns: what a row does not name keeps its default, or its value. */
  async #each(
    { columns }: Plan,
    rows: readonly (JsonRow | null)[],
    statement: (name: string, columns: readonly { readonly name: string; readonly type: string }[]) => string,
  ): Promise<ClerkIds | null> {
    const groups = new Map<string, JsonRow[]>()
    for (const row of rows) {
      if (row === null || Object.keys(row).some((field) => !columns.has(field))) return null
      const signature = Object.keys(row).sort().join(' ')
      const group = groups.get(signature) ?? []
      group.push(row)
      groups.set(signature, group)
    }
    const name = quotedTable(this.#table, this.#dialect)
    const written = new Set<unknown>()
    for (const group of groups.values()) {
      const used = Object.keys(group[0] ?? {}).flatMap((field) => {
        const column = columns.get(field)
        return column === undefined ? [] : [{ field, ...column }]
      })
      // Under the names of the columns, so that the record set finds them.
      const named = group.map((row) =>
        Object.fromEntries(used.map(({ field, name: quoted }) => [unquoted(quoted), row[field]])),
      )
      const found = await this.#query(statement(name, used), JSON.stringify(named))
      if (found === null) return written.size === 0 ? null : written
      for (const { clerkId } of found) written.add(clerkId)
    }
    return written
  }

  /** `null`: the database refuses the statement, as it may with other columns than are known here. */
  async #query(sql: string, rows: string): Promise<readonly { readonly clerkId: unknown }[] | null> {
    const { model, description } = this.#table
    try {
      const query = this.#client.$queryRawUnsafe?.(sql, rows)
      if (query === undefined) return null
      return (await queried(description?.name ?? model, query)) as readonly { readonly clerkId: unknown }[]
    } catch (error) {
      if (this.#dialect.isContention(error) || toStoreError(error) instanceof StoreUnavailableError)
        throw error
      return null
    }
  }

  /** Under the names of the model. */
  #named(values: Values): Values {
    return Object.fromEntries(
      Object.entries(values).flatMap(([field, value]) => {
        const column = this.#table.columns.get(field)
        return column == null || value === undefined ? [] : [[column, storable(value)]]
      }),
    )
  }

  #sql(field: string): string {
    return this.#dialect.quote(sqlColumn(this.#table, field) ?? field)
  }
}

/** Extensions see what goes through a model, and nothing of this. A client that does not tell may have some. */
function isExtended(client: ClientInternals): boolean {
  const { _extensions: extensions, _middlewares: middlewares } = client as {
    readonly _extensions?: { readonly isEmpty?: () => boolean }
    readonly _middlewares?: readonly unknown[] | { readonly _middlewares?: readonly unknown[] }
  }
  const used = Array.isArray(middlewares) ? middlewares : []
  return extensions?.isEmpty?.() !== true || used.length > 0
}

const given = (own: Values): Values =>
  Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))

/** `null`: a value is none that JSON has, or one of Prisma's own. */
function jsonRow(values: Values): JsonRow | null {
  return Object.values(values).every(isJson) ? values : null
}

function isJson(value: unknown): boolean {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return true
  if (typeof value !== 'object') return false
  if (value instanceof Date) return !Number.isNaN(value.getTime())
  if (Array.isArray(value)) return value.every(isJson)
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson)
}

const recordset = (columns: readonly { readonly name: string; readonly type: string }[]) =>
  `jsonb_to_recordset($1::jsonb) AS x(${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`

const unquoted = (name: string) => name.slice(1, -1).replaceAll('""', '"')
