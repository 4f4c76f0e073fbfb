import type { Column, Table as DrizzleTable, SQL } from 'drizzle-orm'

export type Values = Record<string, unknown>
export type Row = Readonly<Record<string, unknown>>
export type Selection = Readonly<Record<string, Column | SQL>>

export interface Select extends PromiseLike<Row[]> {
  from(source: DrizzleTable | SQL): Select
  where(condition: SQL | undefined): Select
  orderBy(...order: readonly (Column | SQL)[]): Select
  limit(count: number): Select
  /** A cache in front of the database would answer what is no longer so. */
  $withCache?(cached: false): Select
  /** Without a name it is no statement of the server's: behind a pool of connections those of others would be met. */
  prepare(): { execute(values: Values): PromiseLike<Row[]> }
}

/** What a write without `returning` answers differs from driver to driver. */
interface Write extends PromiseLike<unknown> {
  where(condition: SQL | undefined): Write
  orderBy(...order: readonly (Column | SQL)[]): Write
  limit(count: number): Write
  onConflictDoNothing(): Write
  returning(columns?: Selection): PromiseLike<Row[]>
  /** MySQL's. */
  $returningId(): PromiseLike<Row[]>
}

/** The methods that the stores use, which databases of Drizzle's three cores have under the same names. */
export interface Queries {
  select(columns?: Selection): Select
  insert(table: DrizzleTable): { values(rows: Values | readonly Values[]): Write }
  update(table: DrizzleTable): { set(values: Values): Write & { from(source: SQL): Write } }
  delete(table: DrizzleTable): Write
  readonly dialect?: { readonly casing?: { getColumnCasing(column: Column): string } }
}

/** A database of Drizzle's, or an open transaction of one: `drizzle(…)` of any driver for PostgreSQL, MySQL or SQLite. */
export interface DrizzleDatabase {
  select(...columns: never[]): unknown
  insert(table: never): unknown
  update(table: never): unknown
  delete(table: never): unknown
}
