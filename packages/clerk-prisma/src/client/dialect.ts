import type { Kind } from '../table/definitions.js'
import { isConflict, isLocked } from './errors.js'

/** What databases do differently, each difference once. */
export interface Dialect {
  readonly name: 'postgresql' | 'sqlite' | 'mysql'
  /** `INSERT … ON CONFLICT DO NOTHING RETURNING`: a duplicate is no error, which on PostgreSQL would end the transaction. */
  readonly insertSkipsDuplicates: boolean
  /** `UPDATE … RETURNING` */
  readonly updateReturns: boolean
  /** Whether `=` on text tells case apart whatever the column's collation. */
  readonly isCaseSensitive: boolean
  /** Another writer was in the way. */
  isContention(error: unknown): boolean
  quote(name: string): string
  /**
   * One row per column that is unique by itself: `column`. The parameter is the table's name, as in `catalogue`. An adapter may
   * have been told of a schema that the connection does not look into: then any table of the name counts.
   */
  readonly uniqueColumns: string
  /** What the database says of a table, by one parameter: its name, or its name as it stands in a statement. */
  readonly catalogue: { readonly byQuotedName: boolean; readonly columns: string; readonly indexes: string }
  /** Types of columns by kind of field, for a column that has to be added. */
  readonly types: Readonly<Record<Kind, string>>
  /** Condition that `column` is this address in any case, for which the migrations have an index; `null`: plain equality is. */
  readonly sameAddress: ((column: string) => string) | null
}

const doubleQuoted = (name: string) => `"${name.replaceAll('"', '""')}"`

const postgresql: Dialect = {
  name: 'postgresql',
  insertSkipsDuplicates: true,
  updateReturns: true,
  isCaseSensitive: true,
  isContention: isConflict,
  quote: doubleQuoted,
  uniqueColumns: `SELECT DISTINCT a.attname::text AS "column"
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    JOIN pg_class c ON c.oid = i.indrelid
    WHERE i.indisunique AND i.indnkeyatts = 1 AND CASE WHEN to_regclass($1) IS NULL
      THEN $1 = '"' || c.relname || '"' ELSE i.indrelid = to_regclass($1) END`,
  catalogue: {
    byQuotedName: true,
    columns: `SELECT a.attname::text AS "name", format_type(a.atttypid, a.atttypmod) AS "type", t.typtype = 'e' AS "isEnum",
      NOT a.attnotnull AS "nullable", (a.atthasdef OR a.attidentity <> '') AS "filled"
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    indexes: `SELECT c.relname::text AS "name", i.indisunique AND i.indpred IS NULL AS "isUnique",
      string_agg(coalesce(a.attname::text, ''), ',' ORDER BY k.position) AS "columns"
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, position)
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
      WHERE i.indrelid = to_regclass($1) AND k.position <= i.indnkeyatts
      GROUP BY c.relname, i.indisunique, i.indpred`,
  },
  types: {
    ...{ id: 'TEXT', text: 'TEXT', boolean: 'BOOLEAN NOT NULL DEFAULT false' },
    ...{ moment: 'DOUBLE PRECISION', count: 'INTEGER NOT NULL DEFAULT 0' },
    ...{ number: 'DOUBLE PRECISION NOT NULL DEFAULT 0', date: 'TIMESTAMP(3)', json: 'JSONB', list: 'JSONB' },
  },
  sameAddress: (column) => `lower(${column}) = lower($1)`,
}

export const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgresql,
  cockroachdb: postgresql,
  sqlite: {
    name: 'sqlite',
    insertSkipsDuplicates: false,
    updateReturns: true,
    isCaseSensitive: true,
    isContention: isLocked,
    quote: doubleQuoted,
    uniqueColumns: `SELECT DISTINCT c.name AS "column" FROM pragma_index_list(?) i, pragma_index_info(i.name) c
      WHERE i."unique" = 1 AND (SELECT count(*) FROM pragma_index_info(i.name)) = 1`,
    catalogue: {
      byQuotedName: false,
      columns: `SELECT name AS "name", type AS "type", "notnull" = 0 AND pk = 0 AS "nullable",
        dflt_value IS NOT NULL OR pk > 0 AS "filled" FROM pragma_table_info(?)`,
      indexes: `SELECT i.name AS "name", i."unique" = 1 AND i.partial = 0 AS "isUnique", i.origin <> 'c' AS "ofTable",
        (SELECT group_concat(coalesce(c.name, '')) FROM pragma_index_info(i.name) c) AS "columns"
        FROM pragma_index_list(?) i`,
    },
    types: {
      ...{ id: 'TEXT', text: 'TEXT', boolean: 'BOOLEAN NOT NULL DEFAULT false' },
      ...{ moment: 'REAL', count: 'INTEGER NOT NULL DEFAULT 0' },
      ...{ number: 'REAL NOT NULL DEFAULT 0', date: 'DATETIME', json: 'JSONB', list: 'JSONB' },
    },
    sameAddress: (column) => `lower(${column}) = lower(?)`,
  },
  mysql: {
    name: 'mysql',
    insertSkipsDuplicates: false,
    updateReturns: false,
    isCaseSensitive: false,
    isContention: isConflict,
    quote: (name) => `\`${name.replaceAll('`', '``')}\``,
    uniqueColumns: `SELECT MAX(COLUMN_NAME) AS \`column\` FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0
      GROUP BY INDEX_NAME HAVING COUNT(*) = 1`,
    catalogue: {
      byQuotedName: false,
      columns: `SELECT COLUMN_NAME AS \`name\`, COLUMN_TYPE AS \`type\`, DATA_TYPE = 'enum' AS \`isEnum\`,
        IS_NULLABLE = 'YES' AS \`nullable\`, (COLUMN_DEFAULT IS NOT NULL OR EXTRA LIKE '%auto_increment%') AS \`filled\`,
        COLLATION_NAME AS \`collation\`
        FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
      indexes: `SELECT INDEX_NAME AS \`name\`, MAX(NON_UNIQUE) = 0 AS \`isUnique\`,
        GROUP_CONCAT(COALESCE(COLUMN_NAME, '') ORDER BY SEQ_IN_INDEX) AS \`columns\`
        FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? GROUP BY INDEX_NAME`,
    },
    types: {
      ...{ id: 'VARCHAR(191)', text: 'TEXT', boolean: 'BOOLEAN NOT NULL DEFAULT false' },
      ...{ moment: 'DOUBLE', count: 'INTEGER NOT NULL DEFAULT 0' },
      ...{ number: 'DOUBLE NOT NULL DEFAULT 0', date: 'DATETIME(3)', json: 'JSON', list: 'JSON' },
    },
    sameAddress: null,
  },
}
