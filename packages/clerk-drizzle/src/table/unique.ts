import { Column, is } from 'drizzle-orm'
import type { Table } from './table.js'

/** Which of the synced fields have a unique index to themselves, by the definition of the table or by `unique`. */
export function declaredUnique(table: Table, named: readonly string[] = []): readonly string[] {
  const columns = uniqueColumns(table)
  return table.definition.mayBeUnique.filter(
    (field) => table.has(field) && (named.includes(field) || columns.has(table.column(field).name)),
  )
}

/** Names of the columns that the definition of the table has a unique index for, of that column alone. */
export function uniqueColumns({ dialect, source }: Pick<Table, 'dialect' | 'source'>): ReadonlySet<string> {
  const { columns, indexes, uniqueConstraints } = dialect.config(source)
  const alone = [
    ...columns.filter(({ isUnique, primary }) => isUnique || primary).map((column) => [column]),
    ...uniqueConstraints.map((constraint) => constraint.columns),
    ...indexes
      .filter(({ config }) => config.unique === true && config.where === undefined)
      .map(({ config }) => config.columns),
  ].filter((list) => list.length === 1)
  return new Set(alone.flatMap(([column]) => (isNamed(column) ? [column.name] : [])))
}

/** The columns of an index; PostgreSQL's are objects of another class. An expression has no name. */
export const isNamed = (column: unknown): column is { readonly name: string } =>
  is(column, Column) ||
  (typeof column === 'object' && column !== null && 'name' in column && typeof column.name === 'string')
