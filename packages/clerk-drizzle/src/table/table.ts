import { storable } from '@acme/clerk-core/store'
import {
  and,
  asc,
  type Column,
  type Table as DrizzleTable,
  eq,
  getTableColumns,
  is,
  isNull,
  SQL,
  sql,
} from 'drizzle-orm'
import type { Dialect } from '../db/dialect.js'
import { isDuplicate, queried, storeFault } from '../db/errors.js'
import type { Queries, Row, Selection, Values } from '../db/queries.js'
import type { Kind, TableDefinition } from './definitions.js'

interface StoredField {
  /** Of the column in the application's table. */
  readonly key: string
  readonly column: Column
  readonly kind: Kind
}

export interface NewRow {
  /** Under the names of the records. */
  readonly values: Values
  /** The application's own columns, under the keys of the table. */
  readonly own: Values
}

/** One table of the application under the field names of the records, and the few statements the stores are made of. */
export class Table {
  readonly definition: TableDefinition
  readonly source: DrizzleTable
  readonly dialect: Dialect
  readonly db: Queries
  /** The fields that are stored. */
  readonly fields: ReadonlyMap<string, StoredField>
  /** As errors call it. */
  readonly name: string
  #byKey: { execute(values: Values): PromiseLike<Row[]> } | undefined

  constructor(
    db: Queries,
    dialect: Dialect,
    definition: TableDefinition,
    source: DrizzleTable,
    mapping: Readonly<Record<string, string>> = {},
  ) {
    this.db = db
    this.dialect = dialect
    this.definition = definition
    this.source = source
    this.name = dialect.config(source).name
    const columns = getTableColumns(source)
    const { required, optional, extra } = definition
    this.fields = new Map(
      Object.entries({ ...required, ...optional, ...extra }).flatMap(([field, kind]) => {
        const key = mapping[field] ?? (field in extra ? undefined : field)
        const column = key === undefined ? undefined : columns[key]
        return key === undefined || column === undefined ? [] : [[field, { key, column, kind }] as const]
      }),
    )
  }

  has(field: string): boolean {
    return this.fields.has(field)
  }

  column(field: string): Column {
    const found = this.fields.get(field)
    if (found === undefined) throw new TypeError(`\`${this.name}\` stores no ${field}.`)
    return found.column
  }

  /** What a column is called in the database: `drizzle(…, { casing })` may say so. */
  nameOf(column: Column): string {
    return this.db.dialect?.casing?.getColumnCasing(column) ?? column.name
  }

  /** The condition that each of these fields has the value; `null` is none. */
  where(values: Values): SQL {
    const conditions = Object.entries(values).map(([field, value]) =>
      value === null ? isNull(this.column(field)) : eq(this.column(field), value),
    )
    return and(...conditions) ?? sql`1 = 1`
  }

  async find(where: SQL): Promise<Row | null> {
    return (await this.findMany({ where, limit: 1 }))[0] ?? null
  }

  /** By its key. Built once: Drizzle takes longer to build a lookup than many a database to answer it. */
  async findByKey(value: unknown): Promise<Row | null> {
    this.#byKey ??= this.#prepareByKey()
    const { execute } = this.#byKey
    const [row] = await this.query(() => execute({ value }))
    return row === undefined ? null : this.#read(row)
  }

  #prepareByKey() {
    const where = eq(this.column(this.definition.key), sql.placeholder('value'))
    const query = this.db.select().from(this.source).where(where).limit(1)
    query.$withCache?.(false)
    const prepared = query.prepare()
    return { execute: (values: Values) => prepared.execute(values) }
  }

  async findMany(args: {
    where: SQL | undefined
    orderBy?: readonly (Column | SQL)[]
    limit?: number
    only?: readonly string[]
  }): Promise<Row[]> {
    const { only, orderBy = [], limit } = args
    const columns = only && Object.fromEntries(only.map((field) => [field, this.column(field)]))
    const rows = await this.query(() => {
      const query = this.db
        .select(columns)
        .from(this.source)
        .where(args.where)
        .orderBy(...orderBy)
      query.$withCache?.(false)
      return limit === undefined ? query : query.limit(limit)
    })
    return columns === undefined ? rows.map((row) => this.#read(row)) : rows
  }

  /** A page of the rows that have a Clerk id, in the database's order of them. */
  page(after: string | null | undefined, limit: number): Promise<Row[]> {
    const key = this.column('clerkId')
    return this.findMany({ where: sql`${key} > ${after ?? ''}`, orderBy: [asc(key)], limit })
  }

  /** `null`: some unique value of the row is taken already. No statement fails on PostgreSQL, so a transaction goes on. */
  async insert(values: Values, own: Values = {}): Promise<Row | null> {
    const inserted = await this.#insert([{ values, own }])
    if (inserted === null) return null
    if (!this.dialect.returns) return this.findByKey(values[this.definition.key])
    return inserted[0] === undefined ? null : this.#read(inserted[0])
  }

  /** Whether the row was made: `false`, some unique value of it is taken already. */
  async insertNew(values: Values): Promise<boolean> {
    const inserted = await this.#insert([{ values, own: {} }], { one: sql`1` })
    return inserted !== null && (!this.dialect.returns || inserted.length > 0)
  }

  /**
   * Why `insert` answers that a row is there already and `find` finds none: a unique column of the application's own is in
   * the way, which the database then names. @throws {StoreFaultError}
   */
  async explainConflict(values: Values, own: Values): Promise<Row | null> {
    await this.query(() => this.db.insert(this.source).values({ ...own, ...this.#data(values) }))
    return this.findByKey(values[this.definition.key])
  }

  /**
   * Several new rows in few statements.
   *
   * @returns the Clerk ids of those that were written: of the others another writer got ahead, or a unique value is taken
   */
  async insertMany(rows: readonly NewRow[]): Promise<Set<unknown>> {
    const written = new Set<unknown>()
    const columns = Object.keys(getTableColumns(this.source)).length
    for (const part of this.#parts(rows, columns)) {
      const inserted = await this.#insert(part, { clerkId: this.column('clerkId') })
      if (inserted === null) return written
      const made = this.dialect.returns ? inserted : part.map(({ values }) => values)
      for (const { clerkId } of made) written.add(clerkId)
    }
    return written
  }

  /** What `RETURNING` answers of the rows that were made. `null`, on MySQL: a unique value is taken, and none was made. */
  async #insert(rows: readonly NewRow[], columns?: Selection): Promise<Row[] | null> {
    const data = rows.map(({ values, own }) => ({ ...own, ...this.#data(values) }))
    const insert = () => this.db.insert(this.source).values(data)
    if (this.dialect.returns) return this.query(() => insert().onConflictDoNothing().returning(columns))
    try {
      await this.query(insert)
      return []
    } catch (error) {
      if (isDuplicate(error)) return null
      throw error
    }
  }

  /**
   * Several rows, each by its Clerk id, in one statement for each set of fields. Writes over what is live and of no higher
   * version; times that only grow are written where they are no earlier.
   *
   * @returns the Clerk ids of the rows that were written
   */
  async updateEach(rows: readonly Values[], growing: readonly string[]): Promise<Set<unknown>> {
    const written = new Set<unknown>()
    const { typed } = this.dialect
    if (typed === null) return written
    const groups = grouped(rows)
    for (const group of groups.values()) {
      const fields = Object.keys(group[0] ?? {}).filter((field) => this.has(field))
      const place = (field: string) => sql.raw(`x.column${fields.indexOf(field) + 1}`)
      for (const part of this.#parts(group, fields.length)) {
        const tuples = part.map((row, index) => {
          const values = fields.map((field) => {
            const value = sql`${sql.param(storable(row[field]), this.column(field))}`
            return index === 0 ? typed(value, this.column(field)) : value
          })
          return sql`(${sql.join(values, sql`, `)})`
        })
        const set = Object.fromEntries(
          fields.filter((field) => field !== 'clerkId').map((field) => [this.#key(field), place(field)]),
        )
        const times = growing
          .filter((field) => fields.includes(field))
          .map((field) => sql`(${this.column(field)} IS NULL OR ${this.column(field)} <= ${place(field)})`)
        const clerkId = this.column('clerkId')
        const where = and(
          sql`${clerkId} = ${place('clerkId')} AND ${this.column('version')} <= ${place('version')}`,
          isNull(this.column('deletedAt')),
          ...times,
        )
        const from = sql`(VALUES ${sql.join(tuples, sql`, `)}) AS x`
        const updated = await this.query(() =>
          this.db.update(this.source).set(set).from(from).where(where).returning({ clerkId }),
        )
        for (const row of updated) written.add(row.clerkId)
      }
    }
    return written
  }

  /** The row as it is after the update; `null`: nothing matched. `key` must name one row at most. */
  async update(key: SQL, condition: SQL | undefined, values: Values): Promise<Row | null> {
    const update = () => this.db.update(this.source).set(this.#data(values)).where(and(key, condition))
    if (this.dialect.returns) {
      const [row] = await this.query(() => update().returning())
      return row === undefined ? null : this.#read(row)
    }
    return affectedBy(await this.query(update)) === 0 ? null : this.find(key)
  }

  /** How many rows matched. */
  async updateMany(where: SQL | undefined, values: Values): Promise<number> {
    const update = () => this.db.update(this.source).set(this.#data(values)).where(where)
    if (!this.dialect.returns) return affectedBy(await this.query(update))
    return (await this.query(() => update().returning({ one: sql`1` }))).length
  }

  /** Deletes so many of the rows, those with the lowest values of `order` first, and answers how many they were. */
  async deleteFirst(where: SQL, order: string, limit: number): Promise<number> {
    const { db, source, dialect } = this
    const by = this.column(order)
    if (!dialect.returns)
      return affectedBy(await this.query(() => db.delete(source).where(where).orderBy(asc(by)).limit(limit)))
    const key = this.column(this.definition.key)
    const chosen = sql`SELECT ${key} FROM ${source} WHERE ${where} ORDER BY ${by} LIMIT ${sql.raw(String(limit))}`
    // PostgreSQL looks the keys of an array up one by one; with `IN` it may read the whole table.
    const first =
      dialect.name === 'postgresql' ? sql`${key} = ANY(ARRAY(${chosen}))` : sql`${key} IN (${chosen})`
    return (await this.query(() => db.delete(source).where(first).returning({ one: sql`1` }))).length
  }

  /** Rejects when the table or one of its columns cannot be read. */
  async probe(): Promise<void> {
    await this.findMany({ where: undefined, limit: 1, only: [...this.fields.keys()] })
  }

  /** Fields that the table does not store. */
  get unstored(): readonly string[] {
    const { required, optional, extra } = this.definition
    return Object.keys({ ...required, ...optional, ...extra }).filter((field) => !this.has(field))
  }

  /** A row without what is not ours in it. */
  synced(row: Row): Row {
    return Object.fromEntries([...this.fields.keys()].map((field) => [field, row[field]]))
  }

  query<T>(query: () => PromiseLike<T>): Promise<T> {
    return queried(this.name, query)
  }

  #key(field: string): string {
    return this.fields.get(field)?.key ?? field
  }

  /** Under the keys of the table. */
  #data(values: Values): Values {
    return Object.fromEntries(
      Object.entries(values).flatMap(([field, value]) =>
        value === undefined || !this.has(field)
          ? []
          : [[this.#key(field), is(value, SQL) ? value : storable(value)]],
      ),
    )
  }

  /** Under the names of the records. A driver may answer JSON as text. */
  #read(row: Row): Row {
    const { required, optional, extra } = this.definition
    const named: Values = { ...row }
    for (const field of Object.keys({ ...required, ...optional, ...extra })) {
      const stored = this.fields.get(field)
      const value = stored === undefined ? null : row[stored.key]
      const isText = typeof value === 'string' && (stored?.kind === 'json' || stored?.kind === 'list')
      // What is not stored and has the name nevertheless is the application's own.
      if (stored !== undefined || !(field in row)) named[field] = isText ? this.#parse(value) : value
    }
    return named
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch {
      throw storeFault('other', 'SyntaxError', this.name)
    }
  }

  #parts<T>(rows: readonly T[], parameters: number): T[][] {
    const size = Math.max(1, Math.floor(this.dialect.mostParameters / parameters))
    const parts: T[][] = []
    for (let from = 0; from < rows.length; from += size) parts.push(rows.slice(from, from + size))
    return parts
  }
}

/** By which fields they have. */
function grouped(rows: readonly Values[]): ReadonlyMap<string, Values[]> {
  const groups = new Map<string, Values[]>()
  for (const row of rows) {
    const signature = Object.keys(row).sort().join(' ')
    const group = groups.get(signature) ?? []
    group.push(row)
    groups.set(signature, group)
  }
  return groups
}

/** What MySQL's drivers answer a write with. */
function affectedBy(result: unknown): number {
  const head: unknown = Array.isArray(result) ? result[0] : result
  if (typeof head !== 'object' || head === null) return 0
  if ('affectedRows' in head) return Number(head.affectedRows)
  return 'rowsAffected' in head ? Number(head.rowsAffected) : 0
}
