import { type Column, getTableName, is, type Query, type SQL, type Subquery, Table } from 'drizzle-orm'
import { type Dialect as DatabaseDialect, DIALECTS } from '../db/dialect.js'

/** What the scope knows of Drizzle that its types keep to themselves. Drizzle keeps the symbols in the global registry. */
export type Family = DatabaseDialect['door']

const COLUMNS = Symbol.for('drizzle:Columns')
const SCHEMA = Symbol.for('drizzle:Schema')
const ORIGINAL_NAME = Symbol.for('drizzle:OriginalName')
const IS_ALIAS = Symbol.for('drizzle:IsAlias')
const EXTRA_COLUMNS = Symbol.for('drizzle:ExtraConfigColumns')

type Symbols = Readonly<Record<symbol, unknown>>
const of = (table: Table) => table as unknown as Symbols

export const columnsOf = (table: Table) => of(table)[COLUMNS] as Readonly<Record<string, Column>>
export const schemaOf = (table: Table) => of(table)[SCHEMA] as string | undefined
export const originalName = (table: Table) => of(table)[ORIGINAL_NAME] as string
export const isAlias = (table: Table) => of(table)[IS_ALIAS] === true

/** The same for a table and its aliases, which are proxies of it, and for no other table object. */
export const identityOf = (table: Table) => of(table)[EXTRA_COLUMNS] as object | undefined

export const nameOf = (source: unknown) => (is(source, Table) ? `\`${getTableName(source)}\`` : 'This source')

export interface ForeignKey {
  readonly onDelete: string | undefined
  readonly onUpdate: string | undefined
  reference(): {
    readonly columns: readonly Column[]
    readonly foreignTable: Table
    readonly foreignColumns: readonly Column[]
  }
}

/** Those of the columns (`.references()`) and those of the table (`foreignKey()`). */
export function foreignKeysOf(table: Table): readonly ForeignKey[] {
  const config = DIALECTS.find(({ isTable }) => isTable(table))?.config(table)
  return (config as { readonly foreignKeys?: readonly ForeignKey[] } | undefined)?.foreignKeys ?? []
}

/** A query that is not built yet. */
export interface SelectConfig {
  readonly [key: string]: unknown
  readonly table: unknown
  readonly fields: unknown
  readonly joins?: readonly Join[]
  readonly setOperators?: readonly SetOperator[]
  readonly withList?: readonly Subquery[]
}

export interface Join {
  readonly on: unknown
  readonly table: unknown
  readonly joinType: string
  readonly alias: string | undefined
  readonly lateral?: boolean
}

export interface SetOperator {
  readonly type: string
  readonly isAll: boolean
  readonly rightSelect: unknown
  readonly limit?: unknown
  readonly offset?: unknown
  readonly orderBy?: unknown
}

export interface WriteConfig {
  readonly [key: string]: unknown
  readonly table: Table
  readonly withList?: readonly Subquery[]
}

export interface Field {
  readonly path: readonly string[]
  readonly field: unknown
}

/** Writes statements. Everything that a builder of Drizzle runs has come from one of these methods. */
export interface Dialect {
  readonly casing: { getColumnCasing(column: Column): string }
  buildSelectQuery(config: object): SQL
  buildInsertQuery(config: object): SQL | { readonly sql: SQL; readonly generatedIds: readonly unknown[] }
  buildUpdateQuery(config: object): SQL
  buildDeleteQuery(config: object): SQL
  sqlToQuery(query: SQL, source?: string): Query
}

/** Where a builder keeps what it was told. */
export interface Builder {
  readonly dialect: Dialect
  readonly session: object
  readonly config: SelectConfig
}
