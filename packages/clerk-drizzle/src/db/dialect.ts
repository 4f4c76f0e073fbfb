import { type Column, is, type SQL, sql, type Table } from 'drizzle-orm'
import { getTableConfig as configOfMySql, MySqlDatabase, MySqlTable } from 'drizzle-orm/mysql-core'
import { getTableConfig as configOfPg, PgDatabase, PgTable } from 'drizzle-orm/pg-core'
import { BaseSQLiteDatabase, getTableConfig as configOfSQLite, SQLiteTable } from 'drizzle-orm/sqlite-core'

/** What the definition of a table says of it, whatever the database. */
export interface TableConfig {
  readonly name: string
  /** `undefined`: where the connection looks first. SQLite has none. */
  readonly schema?: string | undefined
  readonly columns: readonly Column[]
  readonly indexes: readonly {
    readonly config: {
      readonly columns: readonly unknown[]
      readonly unique?: boolean
      readonly where?: unknown
    }
  }[]
  readonly uniqueConstraints: readonly { readonly columns: readonly Column[] }[]
}

/** What databases do differently, each difference once. */
export interface Dialect {
  readonly name: 'postgresql' | 'mysql' | 'sqlite'
  readonly door: 'pg' | 'mysql' | 'sqlite'
  isDatabase(db: object): boolean
  isTable(table: object): boolean
  config(table: Table): TableConfig
  /** `RETURNING`, and `ON CONFLICT DO NOTHING`: a duplicate is no error, which on PostgreSQL would end the transaction. */
  readonly returns: boolean
  /** Whether `=` on text tells case apart whatever the column's collation. */
  readonly isCaseSensitive: boolean
  /** How many parameters one statement may have. */
  readonly mostParameters: number
  /** The type of a parameter, where the database has to be told it. `null`: many rows are not updated in one statement. */
  readonly typed: ((value: SQL, column: Column) => SQL) | null
  /** The database's clock as milliseconds, the same throughout a statement. */
  readonly now: SQL
  join(left: Column, right: string): SQL
  /** Whether one text stands within another. */
  contains(text: Column, part: string): SQL
  /** A condition that few rows meet. SQLite keeps no count of each value, and would read the table from end to end. */
  rare(condition: SQL): SQL
  /** That the column is this address in any case; `null`: plain equality is. */
  readonly sameAddress: ((column: Column, email: string) => SQL) | null
  /** One row for each column: `name`. `null`: a statement with a column that is missing is refused. */
  readonly columns: ((table: string) => SQL) | null
  /** One row for each column that has a unique index to itself: `name`. */
  uniqueColumns(table: string, schema: string | undefined): SQL
}

const lowered = (column: Column, email: string) => sql`lower(${column}) = lower(${email})`

const quoted = (path: readonly string[]) => path.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')

export const DIALECTS: readonly Dialect[] = [
  {
    name: 'postgresql',
    door: 'pg',
    isDatabase: (db) => is(db, PgDatabase),
    isTable: (table) => is(table, PgTable),
    config: (table) => configOfPg(table as PgTable) as unknown as TableConfig,
    returns: true,
    isCaseSensitive: true,
    mostParameters: 65_000,
    typed: (value, column) => sql`cast(${value} as ${sql.raw(column.getSQLType())})`,
    now: sql.raw('floor(extract(epoch from statement_timestamp()) * 1000)::bigint'),
    join: (left, right) => sql`${left} || ${right}`,
    contains: (text, part) => sql`strpos(${text}, ${part}) > 0`,
    rare: (condition) => condition,
    sameAddress: lowered,
    columns: null,
    uniqueColumns: (table, schema) => sql`(SELECT DISTINCT a.attname::text AS name FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indisunique AND i.indpred IS NULL AND i.indnkeyatts = 1
        AND i.indrelid = to_regclass(${quoted(schema === undefined ? [table] : [schema, table])})) u`,
  },
  {
    name: 'mysql',
    door: 'mysql',
    isDatabase: (db) => is(db, MySqlDatabase),
    isTable: (table) => is(table, MySqlTable),
    config: (table) => configOfMySql(table as MySqlTable) as unknown as TableConfig,
    returns: false,
    isCaseSensitive: false,
    mostParameters: 65_000,
    typed: null,
    now: sql.raw('FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)'),
    join: (left, right) => sql`CONCAT(${left}, ${right})`,
    contains: (text, part) => sql`INSTR(${text}, ${part}) > 0`,
    rare: (condition) => condition,
    sameAddress: null,
    columns: null,
    uniqueColumns: (table, schema) => sql`(SELECT MAX(COLUMN_NAME) AS name FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = ${schema ?? sql`DATABASE()`} AND TABLE_NAME = ${table} AND NON_UNIQUE = 0
      GROUP BY INDEX_NAME HAVING COUNT(*) = 1) u`,
  },
  {
    name: 'sqlite',
    door: 'sqlite',
    isDatabase: (db) => is(db, BaseSQLiteDatabase),
    isTable: (table) => is(table, SQLiteTable),
    config: (table) => configOfSQLite(table as SQLiteTable) as unknown as TableConfig,
    returns: true,
    isCaseSensitive: true,
    mostParameters: 32_000,
    typed: (value) => value,
    now: sql.raw("CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"),
    join: (left, right) => sql`${left} || ${right}`,
    contains: (text, part) => sql`instr(${text}, ${part}) > 0`,
    rare: (condition) => sql`unlikely(${condition})`,
    sameAddress: lowered,
    // Some builds take the quoted name of a missing column for a text.
    columns: (table) => sql`(SELECT name FROM pragma_table_info(${table})) u`,
    uniqueColumns: (table) => sql`(SELECT DISTINCT c.name AS name
      FROM pragma_index_list(${table}) i, pragma_index_info(i.name) c
      WHERE i."unique" = 1 AND i.partial = 0 AND (SELECT count(*) FROM pragma_index_info(i.name)) = 1) u`,
  },
]
