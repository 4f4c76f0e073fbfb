import type { ConfigurationProblem } from '@acme/clerk-core'
import { storable } from '@acme/clerk-core/store'
import type { Dialect } from '../client/dialect.js'
import { isDuplicate, queried, storeFault } from '../client/errors.js'
import {
  type ClientInternals,
  type Delegate,
  describeModel,
  isTransaction,
  type ModelDescription,
  type Row,
} from '../client/prisma-client.js'
import { BulkStatements } from './bulk-statements.js'
import type { TableDefinition } from './definitions.js'
import { quotedTable, sqlColumn } from './unique-columns.js'

export type Values = Record<string, unknown>

/** In a condition: one more condition, in which names are the model's own, and not the contract's. */
export const OWN_NAMES = '$own'

/** One model of the application under the field names of the records, and the few queries the stores are made of. */
export class Table {
  readonly definition: TableDefinition
  readonly model: string
  readonly description: ModelDescription | null
  /** Record field → model field; `null` is not stored. */
  readonly columns: ReadonlyMap<string, string | null>
  readonly #client: ClientInternals
  readonly #delegate: Delegate
  readonly #dialect: Dialect
  readonly #inTransaction: boolean
  readonly #bulk: BulkStatements

  constructor(
    client: ClientInternals,
    dialect: Dialect,
    definition: TableDefinition,
    options: { model?: string | undefined; fields?: object | undefined },
  ) {
    this.#client = client
    this.definition = definition
    this.model = options.model ?? definition.model
    this.description = describeModel(client, this.model)
    this.columns = columnsOf(definition, options.fields ?? {})
    this.#delegate = (client as Record<string, unknown>)[this.model] as Delegate
    this.#dialect = dialect
    this.#inTransaction = isTransaction(client)
    this.#bulk = new BulkStatements(client, dialect, this)
  }

  /** What is wrong with the model, as far as the client tells. */
  problems(): ConfigurationProblem[] {
    const option = `prismaStore ${this.definition.option}`
    if (this.#delegate === undefined) {
      const message = `the client has no model \`${this.model}\`.`
      const remedy = `Add the model of the package's schema, or name yours: { ${this.definition.option}: { model: '…' } }.`
      return [{ option, message, remedy }]
    }
    const { description } = this
    if (description === null) return []
    return [...this.columns].flatMap(([field, column]) => {
      const found = description.fields.find(({ name }) => name === column)
      const { kind, presence } = this.definition.fields[field] ?? { kind: 'text', presence: 'required' }
      if (column !== null && found === undefined) {
        const orNull = presence === 'optional' ? ', or null when there is none' : ''
        const remedy = `Add it, or name yours: { ${this.definition.option}: { fields: { ${field}: '…' } } }${orNull}.`
        return [{ option, message: `\`${this.model}\` has no field \`${column}\`.`, remedy }]
      }
      if ((kind === 'number' || kind === 'moment') && found !== undefined && found.type !== 'Float') {
        const message = `\`${this.model}.${column}\` is ${found.type}: Int is too small for milliseconds, BigInt is no number.`
        return [{ option, message, remedy: 'Make it Float.' }]
      }
      return []
    })
  }

  async find(where: Values): Promise<Row | null> {
    return this.#read(await this.#query('findUnique', { where: this.#where(where) }))
  }

  async findMany(args: {
    where: Values
    orderBy?: readonly Readonly<Record<string, 'asc' | 'desc'>>[]
    take?: number
    only?: readonly string[]
  }): Promise<Row[]> {
    const rows = await this.#query('findMany', {
      where: this.#where(args.where),
      ...(args.orderBy && { orderBy: args.orderBy.map((order) => this.#where(order)) }),
      ...(args.take !== undefined && { take: args.take }),
      ...(args.only && { select: Object.fromEntries(args.only.map((field) => [this.#column(field), true])) }),
    })
    return rows.map((row) => this.#read(row))
  }

  /** `null`: some unique value of the row is taken already. No statement fails on PostgreSQL, so a transaction goes on. */
  async insert(values: Values, own: Values = {}): Promise<Row | null> {
    const data = { ...own, ...this.#data(values) }
    if (this.#dialect.insertSkipsDuplicates) {
      const [row] = await this.#query('createManyAndReturn', { data: [data], skipDuplicates: true })
      return this.#read(row ?? null)
    }
    return this.#create(data)
  }

  /**
   * Several new rows in one statement. `null`: a unique value of one of them is taken, and none was written.
   *
   * @returns the Clerk ids of those that were written: of the others another writer got ahead
   */
  async insertMany(
    rows: readonly { readonly values: Values; readonly own: Values }[],
  ): Promise<ReadonlySet<unknown> | null> {
    const inserted = await this.#bulk.insert(rows)
    if (inserted !== null) return inserted
    const data = rows.map(({ values, own }) => ({ ...own, ...this.#data(values) }))
    const { insertSkipsDuplicates: skipDuplicates, updateReturns } = this.#dialect
    try {
      if (!updateReturns) {
        await this.#query('createMany', { data })
        return new Set(rows.map(({ values }) => values.clerkId))
      }
      const clerkId = this.#column('clerkId')
      const written = await this.#query('createManyAndReturn', {
        data,
        select: { [clerkId]: true },
        ...(skipDuplicates && { skipDuplicates }),
      })
      return new Set(written.map((row) => row[clerkId]))
    } catch (error) {
      if (isDuplicate(error)) return null
      throw error
    }
  }

  /** See {@link BulkStatements.update}. */
  updateEach(rows: readonly Values[], growing: readonly string[]): Promise<ReadonlySet<unknown> | null> {
    return this.#bulk.update(rows, growing)
  }

  /**
   * The same for rows that are new almost certainly: Prisma prepares `create` once, but `createMany` each time. What is
   * there already is an error in Prisma's log and the database's, and ends no transaction only because none is open.
   */
  async insertFast(values: Values, own: Values = {}): Promise<Row | null> {
    return this.#inTransaction ? this.insert(values, own) : this.#create({ ...own, ...this.#data(values) })
  }

  /**
   * Why `insert` answers that a row is there already and `find` finds none: an extension hides it, or a unique column of
   * the application's own is in the way, which the database names. @throws {StoreFaultError} or what Prisma throws
   */
  async explainConflict(clerkId: string, values: Values, own: Values): Promise<Row> {
    const column = this.#dialect.quote(sqlColumn(this, 'clerkId') ?? 'clerkId')
    const place = this.#dialect.name === 'postgresql' ? '$1' : '?'
    const sql = `SELECT 1 AS "found" FROM ${quotedTable(this, this.#dialect)} WHERE ${column} = ${place}`
    const query = this.#dialect.name === 'mysql' ? sql.replaceAll('"', '`') : sql
    const found = (await this.#client.$queryRawUnsafe?.(query, clerkId)) as readonly unknown[] | undefined
    if (found !== undefined && found.length > 0) throw storeFault('hidden', 'extension', this.model)
    return this.#read(await this.#query('create', { data: { ...own, ...this.#data(values) } }))
  }

  async #create(data: Values): Promise<Row | null> {
    try {
      return this.#read(await this.#query('create', { data }))
    } catch (error) {
      if (isDuplicate(error)) return null
      throw error
    }
  }

  /** The row as it is after the update; `null`: nothing matched. `key` must name one row at most. */
  async update(key: Values, condition: Values, values: Values): Promise<Row | null> {
    const where = this.#where({ ...key, ...condition })
    const data = this.#data(values)
    if (this.#dialect.updateReturns) {
      const [row] = await this.#query('updateManyAndReturn', { where, data })
      return this.#read(row ?? null)
    }
    const { count } = await this.#query('updateMany', { where, data })
    return count === 0 ? null : this.find(key)
  }

  async updateMany(where: Values, values: Values): Promise<number> {
    return (await this.#query('updateMany', { where: this.#where(where), data: this.#data(values) })).count
  }

  async deleteMany(where: Values): Promise<number> {
    return (await this.#query('deleteMany', { where: this.#where(where) })).count
  }

  /** Rejects when the table or one of its columns cannot be read. */
  async probe(): Promise<void> {
    const select = [...this.columns.values()].filter((column) => column !== null)
    await this.#query('findFirst', { select: Object.fromEntries(select.map((column) => [column, true])) })
  }

  /** Whether a duplicate is no error. Where it is one, Prisma logs it, so it is better to look first. */
  get insertsQuietly(): boolean {
    return this.#dialect.insertSkipsDuplicates
  }

  /** False where a collation may take one id for another: nothing may be written before the row was looked at. */
  get isCaseSensitive(): boolean {
    return this.#dialect.isCaseSensitive
  }

  /** Fields that the model does not store. */
  get unstored(): readonly string[] {
    return Object.keys(this.definition.fields).filter((field) => !this.has(field))
  }

  /** Whether the model stores the field at all. */
  has(field: string): boolean {
    return this.columns.get(field) != null
  }

  /** A row without what is not ours in it. */
  synced(row: Row): Row {
    return Object.fromEntries([...this.columns.keys()].map((field) => [field, row[field]]))
  }

  #query<Operation extends keyof Delegate>(
    operation: Operation,
    args: object,
  ): ReturnType<Delegate[Operation]> {
    const query = this.#delegate[operation](args) as PromiseLike<unknown>
    return queried(this.description?.name ?? this.model, query) as ReturnType<Delegate[Operation]>
  }

  #column(field: string): string {
    return this.columns.get(field) ?? field
  }

  #where({ [OWN_NAMES]: own, ...where }: Values): Values {
    const mapped = Object.fromEntries(
      Object.entries(where).map(([field, value]) =>
        field === 'OR' || field === 'AND'
          ? [field, (value as Values[]).map((part) => this.#where(part))]
          : [this.#column(field), value],
      ),
    )
    return own === undefined ? mapped : { AND: [mapped, own] }
  }

  #data(values: Values): Values {
    const data: Values = {}
    for (const [field, value] of Object.entries(values)) {
      const column = this.columns.get(field)
      if (column != null && value !== undefined) data[column] = this.#write(field, column, value)
    }
    return data
  }

  #write(field: string, column: string, given: unknown): unknown {
    const value = storable(given)
    const kind = this.definition.fields[field]?.kind
    if (kind === 'json') return asJson(value)
    const type = this.description?.fields.find(({ name }) => name === column)?.type ?? 'Json'
    return kind === 'list' && type === 'Json' ? asJson(value) : value
  }

  #read<R extends Row | null>(row: R): R
  #read(row: Row | null): Row | null {
    if (row === null) return null
    const named: Row = { ...row }
    for (const [field, column] of this.columns) {
      if (column === null) named[field] = null
      else if (column in row) named[field] = row[column]
    }
    return named
  }
}

function columnsOf({ fields }: TableDefinition, mapping: object): ReadonlyMap<string, string | null> {
  const given = new Map<string, string | null>(Object.entries(mapping))
  return new Map(
    Object.entries(fields).flatMap(([field, { presence }]) => {
      const column = given.get(field)
      if (column !== undefined) return [[field, column] as const]
      return presence === 'extra' ? [] : [[field, field] as const]
    }),
  )
}

/**
 * JSON as Prisma sends it itself. Given as it is, Prisma drops a key `__proto__`, and has for SQL's NULL only a value of
 * the generated client, which this package does not import.
 */
function asJson(value: unknown): { toJSON(): unknown } {
  const tagged =
    value === null ? { $type: 'Enum', value: 'DbNull' } : { $type: 'Json', value: JSON.stringify(value) }
  return { toJSON: () => tagged }
}
