import { isConflict, isLocked } from './errors.js'

/** What databases do differently, each difference once. */
export interface Dialect {
  /** `INSERT … ON CONFLICT DO NOTHING RETURNING`: a duplicate is no error, which on PostgreSQL would end the transaction. */
  readonly insertSkipsDuplicates: boolean
  /** `UPDATE … RETURNING` */
  readonly updateReturns: boolean
  /** Whether `=` on text tells case apart whatever the column's collation. */
  readonly isCaseSensitive: boolean
  /** Another writer was in the way. */
  isContention(error: unknown): boolean
  quote(name: string): string
  /** One row per column that is unique by itself: `column`. The table's name is the parameter. */
  readonly uniqueColumns: string
  /** Condition that `column` is this address in any case, for which the migrations have an index; `null`: plain equality is. */
  readonly sameAddress: ((column: string) => string) | null
}

const doubleQuoted = (name: string) => `"${name.replaceAll('"', '""')}"`

const postgresql: Dialect = {
  insertSkipsDuplicates: true,
  updateReturns: true,
  isCaseSensitive: true,
  isContention: isConflict,
  quote: doubleQuoted,
  uniqueColumns: `SELECT DISTINCT a.attname::text AS "column"
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
    WHERE i.indisunique AND i.indnkeyatts = 1 AND c.relname = $1 AND n.nspname NOT IN ('pg_catalog', 'pg_toast')`,
  sameAddress: (column) => `lower(${column}) = lower($1)`,
}

export const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgresql,
  cockroachdb: postgresql,
  sqlite: {
    insertSkipsDuplicates: false,
    updateReturns: true,
    isCaseSensitive: true,
    isContention: isLocked,
    quote: doubleQuoted,
    uniqueColumns: `SELECT DISTINCT c.name AS "column" FROM pragma_index_list(?) i, pragma_index_info(i.name) c
      WHERE i."unique" = 1 AND (SELECT count(*) FROM pragma_index_info(i.name)) = 1`,
    sameAddress: (column) => `lower(${column}) = lower(?)`,
  },
  mysql: {
    insertSkipsDuplicates: false,
    updateReturns: false,
    isCaseSensitive: false,
    isContention: isConflict,
    quote: (name) => `\`${name.replaceAll('`', '``')}\``,
    uniqueColumns: `SELECT MAX(COLUMN_NAME) AS \`column\` FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0
      GROUP BY INDEX_NAME HAVING COUNT(*) = 1`,
    sameAddress: null,
  },
}
