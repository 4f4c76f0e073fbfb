import { is, type Query, SQL } from 'drizzle-orm'
import { Confinement, checkConfined, type Scope } from './confinement.js'
import type { Dialect, SelectConfig, WriteConfig } from './drizzle.js'
import { refuse } from './organization-scope-error.js'
import { confineRelational, type RelationalConfig } from './relational.js'
import { confineSelect } from './select.js'
import { confineDelete, confineInsert, confineUpdate } from './writes.js'

/** By which Drizzle's dialects build the queries of `db.query`. */
const RELATIONAL = [
  ...([
    'buildRelationalQuery',
    'buildRelationalQueryWithoutPK',
    'buildRelationalQueryWithoutLateralSubqueries',
  ] as const),
] as const

type Build = (this: object, config: RelationalConfig) => { readonly sql: unknown }
type Relational = Partial<Record<(typeof RELATIONAL)[number], Build>>

/**
 * A dialect that confines each statement before the database's own builds it, and sends no other. Builders of Drizzle have all
 * their SQL from their dialect, so there is no way around it but other builders, whose queries are built anew or refused.
 */
export function scopedDialect(scope: Scope): Dialect {
  const within = () => new Confinement(scope)
  const confining: Partial<Dialect> & Relational = {
    buildSelectQuery: (config) => confineSelect(within(), config as SelectConfig),
    buildInsertQuery: (config) => confineInsert(within(), config as WriteConfig) as SQL,
    buildUpdateQuery: (config) => confineUpdate(within(), config as WriteConfig),
    buildDeleteQuery: (config) => confineDelete(within(), config as WriteConfig),
    sqlToQuery(built, source) {
      checkConfined(built, scope)
      const query = scope.dialect.sqlToQuery(built, source)
      if (scope.tables.family === 'mysql') checkPlaceholders(query)
      written.add(query)
      return query
    },
  }
  for (const name of RELATIONAL) {
    const build = (scope.dialect as Relational)[name]
    if (build !== undefined) confining[name] = (config) => buildRelational(within(), name, build, config)
  }
  return Object.assign(Object.create(scope.dialect), confining)
}

/** What scoped dialects have written. */
const written = new WeakSet<object>()
export const isWritten = (query: unknown): boolean =>
  typeof query === 'object' && query !== null && written.has(query)

/** MySQL's drivers put the values where question marks are, be it within a name or a text: the others would move. */
function checkPlaceholders({ sql, params }: Query): void {
  if (sql.includes('??') || sql.split('?').length - 1 !== params.length)
    refuse('A name or a text in SQL may hold no question mark: give the text as a value.')
}

/** One statement for all tables that are asked for. */
function buildRelational(
  within: Confinement,
  name: (typeof RELATIONAL)[number],
  build: Build,
  config: RelationalConfig,
) {
  let answer: ReturnType<Build> | undefined
  within.statement(undefined, () => {
    const dialect: object & Relational = Object.create(within.dialect)
    dialect[name] = (nested) => build.call(dialect, confineRelational(within, nested))
    answer = dialect[name]?.(config)
    return is(answer?.sql, SQL) ? answer.sql : new SQL([])
  })
  return answer as ReturnType<Build>
}
