import { Column, getTableName, is, SQL, Subquery, sql, Table } from 'drizzle-orm'
import { both, type Confinement, type Source } from './confinement.js'
import { columnsOf, type Field, type Join, type SelectConfig, type SetOperator, schemaOf } from './drizzle.js'
import { configOf, confineAmount, confineExpression } from './expression.js'
import { refuse } from './organization-scope-error.js'

const KNOWN = new Set([
  ...['withList', 'fields', 'table', 'joins', 'where', 'groupBy', 'having', 'orderBy', 'limit', 'offset'],
  ...['distinct', 'setOperators', 'lockingClause'],
])
/** Where the condition of a table that is joined stands. */
const JOINS: Readonly<Record<string, 'on' | 'where' | 'derived'>> = {
  ...{ inner: 'on', left: 'on', cross: 'where', right: 'derived', full: 'derived' },
}
const JOIN = new Set(['on', 'table', 'joinType', 'alias', 'lateral'])
const LOCKS = new Set(['update', 'no key update', 'share', 'key share'])

/** What else is done to the fields of a query, and of those that it is combined with. */
export type Change = (fields: readonly Field[]) => readonly Field[]

export function confineSelect(
  within: Confinement,
  config: SelectConfig,
  change: Change = (fields) => fields,
): SQL {
  checkKeys('A query', config, KNOWN)
  return within.statement(config.withList, (withList) => {
    const { table, joins, own } = confineSources(within, config)
    const setOperators = (config.setOperators ?? []).map((each) => confineOperator(within, each, change))
    return within.dialect.buildSelectQuery({
      ...{ withList, table, joins, setOperators, fields: {} },
      fieldsFlat: confineFields(within, change(flatten(config.fields))),
      where: both(own, expressionOf(within, config.where)),
      having: expressionOf(within, config.having),
      groupBy: confineEach(within, config.groupBy),
      ...confineTail(within, config),
      distinct: confineDistinct(within, config.distinct),
      lockingClause: confineLock(within, config.lockingClause),
    })
  })
}

/** Later versions may know more. An empty list says nothing. */
export function checkKeys(what: string, config: object, known: ReadonlySet<string>): void {
  for (const [key, value] of Object.entries(config)) {
    const isSaid = value !== undefined && !(Array.isArray(value) && value.length === 0)
    if (isSaid && !known.has(key)) refuse(`${what} with \`${key}\` cannot be confined.`)
  }
}

interface Sources {
  readonly table: unknown
  readonly joins: readonly Join[]
  readonly own: SQL | null
}

/** Each owned table gets its condition where it takes nothing but the rows of others: in its join, or in `where`. */
export function confineSources(
  within: Confinement,
  config: { table: unknown; joins?: readonly Join[] },
): Sources {
  const { joins = [] } = config
  const derived = joins.some(({ joinType }) => placeOf(joinType) === 'derived')
  const from = derived ? derive(within, within.source(config.table)) : within.source(config.table)
  let { own } = from
  const confined = joins.map((join): Join => {
    checkKeys('A join', join, JOIN)
    const joined = derived ? derive(within, within.source(join.table)) : within.source(join.table)
    const { joinType, alias } = join
    const on = expressionOf(within, join.on)
    const inWhere = placeOf(joinType) === 'where'
    if (inWhere && joined.own !== null) own = both(own, joined.own) ?? null
    return {
      ...{ table: joined.table, joinType, alias, lateral: join.lateral === true },
      on: inWhere ? on : both(joined.own, on),
    }
  })
  return { table: from.table, joins: confined, own }
}

function placeOf(joinType: string) {
  const place = Object.hasOwn(JOINS, joinType) ? JOINS[joinType] : undefined
  return place ?? refuse('A query with a join of this kind cannot be confined.')
}

/** Such a join answers rows without a counterpart, also those that do not meet its condition. */
function derive(within: Confinement, source: Source): Source {
  const { table, owned } = source
  if (owned === null || !is(table, Table)) return source
  if (schemaOf(table) !== undefined)
    refuse(
      'A right or full join of a table of a named schema cannot be confined: give the table an alias by a query, or use left joins.',
    )
  const rows = sql`select * from ${owned.table} where ${within.own(owned)}`
  return { table: new Subquery(rows, columnsOf(table), getTableName(table)), own: null, owned }
}

function confineOperator(
  within: Confinement,
  { type, isAll, rightSelect, limit, offset, orderBy }: SetOperator,
  change: Change,
): SetOperator {
  if (!['union', 'intersect', 'except'].includes(type)) refuse(`\`${type}\` cannot be confined.`)
  const right = within.select(configOf(rightSelect), change)
  return {
    ...{ type, isAll: isAll === true, rightSelect: { getSQL: () => right } },
    ...confineTail(within, { limit, offset, orderBy }),
  }
}

interface Tail {
  readonly [key: string]: unknown
}

/** The end of a statement. */
export function confineTail(within: Confinement, { limit, offset, orderBy }: Tail) {
  return {
    limit: confineAmount(within, limit),
    offset: confineAmount(within, offset),
    orderBy: confineEach(within, orderBy),
  }
}

export const expressionOf = (within: Confinement, given: unknown): SQL | undefined =>
  given === undefined ? undefined : confineExpression(within, given)

function confineEach(within: Confinement, given: unknown): readonly unknown[] | undefined {
  if (given === undefined) return undefined
  const each = Array.isArray(given) ? given : [given]
  return each
    .filter((value) => value !== undefined)
    .map((value) => (is(value, Column) ? value : confineExpression(within, value)))
}

/** In the order in which Drizzle reads the rows. */
function flatten(fields: unknown, path: readonly string[] = []): Field[] {
  return Object.entries(fields as object).flatMap(([name, field]): Field[] => {
    const at = [...path, name]
    if (is(field, Column) || is(field, SQL) || is(field, SQL.Aliased) || is(field, Subquery))
      return [{ path: at, field }]
    return flatten(is(field, Table) ? columnsOf(field) : field, at)
  })
}

export const confineFields = (within: Confinement, fields: readonly Field[]): Field[] =>
  fields.map(({ path, field }) => ({ path, field: confineField(within, field) }))

function confineField(within: Confinement, field: unknown): unknown {
  if (is(field, Column)) return field
  if (is(field, Subquery)) return within.subquery(field)
  if (!is(field, SQL.Aliased)) return confineExpression(within, field)
  const { isSelectionField } = field as unknown as { readonly isSelectionField: boolean }
  if (isSelectionField) return sql`${sql.identifier(field.fieldAlias)}`
  return new SQL.Aliased(confineExpression(within, field.sql), field.fieldAlias)
}

function confineDistinct(within: Confinement, distinct: unknown): unknown {
  if (typeof distinct !== 'object' || distinct === null) return distinct === true
  return { on: confineEach(within, (distinct as { readonly on: unknown }).on) }
}

interface Lock {
  readonly strength: string
  readonly config?: { readonly of?: unknown; readonly noWait?: unknown; readonly skipLocked?: unknown }
}

function confineLock(within: Confinement, lock: unknown) {
  if (lock === undefined) return undefined
  const { strength, config = {} } = lock as Lock
  if (!LOCKS.has(strength)) refuse('A lock of this kind cannot be confined.')
  const tables = config.of === undefined ? undefined : [config.of].flat()
  for (const table of tables ?? []) within.source(table)
  return {
    strength,
    config: { of: tables, noWait: config.noWait === true, skipLocked: config.skipLocked === true },
  }
}
