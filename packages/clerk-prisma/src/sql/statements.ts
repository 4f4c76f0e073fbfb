/** What the statements of the inbox and the log are written with. `?` stands for a value, in the order of the values. */
export interface SqlDialect {
  quote(name: string): string
  /** The database's clock as milliseconds, the same throughout a statement. */
  readonly now: string
  /** A value that is a number of milliseconds: PostgreSQL has to be told the type of a parameter. */
  readonly number: string
  /** Text joined with text. */
  join(left: string, right: string): string
  /** Whether one text stands within another. */
  contains(text: string, part: string): string
  /** `INSERT … ON CONFLICT … DO UPDATE … WHERE … RETURNING` */
  readonly upsertReturns: boolean
  /** `DELETE … LIMIT`; where it is missing the rows are chosen by a query of the same table, which MySQL cannot. */
  readonly deleteHasLimit: boolean
  /** An update that changes nothing counts no row. */
  readonly countsChangedRows: boolean
  /** The statement with the placeholders of the database. */
  placeholders(sql: string): string
}

const doubleQuoted = (name: string) => `"${name.replaceAll('"', '""')}"`

const postgresql: SqlDialect = {
  quote: doubleQuoted,
  now: 'floor(extract(epoch from statement_timestamp()) * 1000)::float8',
  number: '?::float8',
  join: (left, right) => `${left} || ${right}`,
  contains: (text, part) => `strpos(${text}, ${part}) > 0`,
  upsertReturns: true,
  deleteHasLimit: false,
  countsChangedRows: false,
  placeholders(sql) {
    let index = 0
    return sql.replaceAll('?', () => `$${++index}`)
  },
}

export const SQL_DIALECTS: Readonly<Record<string, SqlDialect>> = {
  postgresql,
  cockroachdb: postgresql,
  sqlite: {
    quote: doubleQuoted,
    now: "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",
    number: '?',
    join: (left, right) => `${left} || ${right}`,
    contains: (text, part) => `instr(${text}, ${part}) > 0`,
    upsertReturns: true,
    deleteHasLimit: false,
    countsChangedRows: false,
    placeholders: (sql) => sql,
  },
  mysql: {
    quote: (name) => `\`${name.replaceAll('`', '``')}\``,
    now: 'FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)',
    number: '?',
    join: (left, right) => `CONCAT(${left}, ${right})`,
    contains: (text, part) => `INSTR(${text}, ${part}) > 0`,
    upsertReturns: false,
    deleteHasLimit: true,
    countsChangedRows: true,
    placeholders: (sql) => sql,
  },
}
