import { type Column, getTableName } from 'drizzle-orm'

/** As drizzle-kit would call it. Names of indexes are the database's own in SQLite, so the table's is part of each. */
export const indexName = (...columns: readonly [Column, ...Column[]]): string =>
  [getTableName(columns[0].table), ...columns.map(({ name }) => name), 'idx'].join('_')
