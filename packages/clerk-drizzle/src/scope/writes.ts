import { Column, getTableName, is, Param, SQL, StringChunk, sql } from 'drizzle-orm'
import { both, type Confinement, embedded } from './confinement.js'
import { confineConflicts } from './conflict.js'
import { columnsOf, type Field, type WriteConfig } from './drizzle.js'
import { configOf, confineExpression } from './expression.js'
import { checkRenamed, confineReference, openReferences, unreferred } from './foreign-keys.js'
import { refuse } from './organization-scope-error.js'
import { checkKeys, confineFields, confineSources, confineTail, expressionOf } from './select.js'
import type { OwnedTable } from './tables.js'

type Values = Readonly<Record<string, unknown>>

const RETURNING = ['table', 'withList', 'returning', 'returningFields'] as const
const INSERT = new Set([...RETURNING, 'values', 'select', 'onConflict', 'ignore', 'overridingSystemValue_'])
const UPDATE = new Set([...RETURNING, 'set', 'where', 'from', 'joins', 'limit', 'orderBy'])
const DELETE = new Set([...RETURNING, 'where', 'limit', 'orderBy'])

/** @returns what the dialect answers, which for MySQL is more than the SQL */
export function confineInsert(within: Confinement, config: WriteConfig): unknown {
  checkKeys('An insert', config, INSERT)
  const owned = within.target(config.table)
  let answer: unknown
  within.statement(config.withList, (withList) => {
    answer = within.dialect.buildInsertQuery({
      ...{ table: owned.table, withList, select: config.select === true },
      values:
        config.select === true
          ? embedded(within.select(configOf(config.values), (fields) => stampFields(within, owned, fields)))
          : (config.values as readonly Values[]).map((row) => stampRow(within, owned, row)),
      onConflict: confineConflicts(within, owned, config),
      ignore: config.ignore === true,
      overridingSystemValue_: config.overridingSystemValue_ === true,
      returning: returningOf(within, config),
    })
    return is(answer, SQL) ? answer : (answer as { readonly sql: SQL }).sql
  })
  return answer
}

export function confineUpdate(within: Confinement, config: WriteConfig): SQL {
  checkKeys('An update', config, UPDATE)
  const owned = within.target(config.table)
  return within.statement(config.withList, (withList) => {
    const joins = config.joins as Parameters<typeof confineSources>[1]['joins']
    if (config.from === undefined && (joins?.length ?? 0) > 0)
      refuse('An update joins what is in its `from`.')
    const from =
      config.from === undefined ? null : confineSources(within, { table: config.from, joins: joins ?? [] })
    const own = from?.own == null ? within.own(owned) : sql`${within.own(owned)} and ${from.own}`
    return within.dialect.buildUpdateQuery({
      ...{ table: owned.table, withList, joins: from?.joins ?? [], from: from?.table },
      set: confineSet(within, owned, config.set as Values),
      where: both(own, expressionOf(within, config.where)),
      returning: returningOf(within, config),
      ...confineTail(within, config),
    })
  })
}

export function confineDelete(within: Confinement, config: WriteConfig): SQL {
  checkKeys('A delete', config, DELETE)
  const owned = within.target(config.table)
  return within.statement(config.withList, (withList) => {
    const conditions = [within.own(owned), ...unreferred(within, owned)]
    return within.dialect.buildDeleteQuery({
      ...{ table: owned.table, withList },
      where: both(sql.join(conditions, sql` and `), expressionOf(within, config.where)),
      returning: returningOf(within, config),
      ...confineTail(within, config),
    })
  })
}

const returningOf = (within: Confinement, { returning }: WriteConfig) =>
  returning === undefined ? undefined : confineFields(within, returning as readonly Field[])

/** A row that is created: of this organisation, and referring to its rows only. */
function stampRow(within: Confinement, owned: OwnedTable, row: Values): Values {
  const values = confineValues(within, owned, { ...row, ...filledIn(within, owned, row) })
  return { ...values, [owned.tenant]: new Param(within.orgId) }
}

/** What is changed in rows of the organisation: they stay there. */
export function confineSet(within: Confinement, owned: OwnedTable, given: Values): Values {
  const columns = columnsOf(owned.table)
  const set = { ...given, ...renewed(owned, given) }
  for (const key of Object.keys(set)) {
    const column = columns[key]
    if (column !== undefined && key !== owned.tenant) checkRenamed(within, owned, column)
  }
  return confineValues(within, owned, set)
}

const missing = ({ table, tenant }: OwnedTable, given: Values): [string, Column][] =>
  Object.entries(columnsOf(table)).filter(([key]) => key !== tenant && isMissing(given[key]))

/** What Drizzle would fill in without a look at it, be it SQL of any kind or a reference to any row. */
const filledIn = (within: Confinement, owned: OwnedTable, row: Values): Values =>
  Object.fromEntries(
    missing(owned, row).flatMap(([key, column]) => {
      const make = functionOf(within, column)
      if (make !== undefined) return [[key, valueFor(column, make())]]
      const refers = column.default != null && openReferences(within, owned, column).length > 0
      return refers ? [[key, valueFor(column, column.default)]] : []
    }),
  )

/** As Drizzle chooses. */
function functionOf({ tables }: Confinement, column: Column): (() => unknown) | undefined {
  if (tables.family === 'sqlite' && column.default != null) return undefined
  return column.defaultFn ?? (column.default ? undefined : column.onUpdateFn)
}

/** The same where rows are changed. */
const renewed = (owned: OwnedTable, set: Values): Values =>
  Object.fromEntries(
    missing(owned, set).flatMap(([key, column]) =>
      column.onUpdateFn === undefined ? [] : [[key, valueFor(column, column.onUpdateFn())]],
    ),
  )

const valueFor = (column: Column, value: unknown): unknown =>
  is(value, SQL) ? value : new Param(value, column)

function confineValues(within: Confinement, owned: OwnedTable, given: Values): Values {
  const columns = columnsOf(owned.table)
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => {
      const column = Object.hasOwn(columns, key) ? columns[key] : undefined
      if (column === undefined || isMissing(value)) return []
      if (key === owned.tenant) return [[key, checkTenant(within, column, value)]]
      return [[key, confineValue(within, owned, column, value)]]
    }),
  )
}

const isMissing = (value: unknown) => value === undefined || (is(value, Param) && value.value === undefined)

/** The organisation may be given, as it is. */
function checkTenant(within: Confinement, column: Column, value: unknown): Param {
  if (!is(value, Param) || value.value !== within.orgId)
    refuse(
      `\`${getTableName(column.table)}.${column.name}\` is set by the scope and cannot be changed: leave it out.`,
    )
  return new Param(within.orgId)
}

function confineValue(within: Confinement, owned: OwnedTable, column: Column, value: unknown): unknown {
  const references = openReferences(within, owned, column)
  if (references.length > 0) return confineReference(within, references, column, value)
  if (isDefault(value)) return sql`default`
  const copy = confineExpression(within, value)
  // A value stays one: Drizzle answers the ids that it was given.
  if (is(value, Param)) return is(copy.queryChunks[1], Param) ? copy.queryChunks[1] : copy
  return sql`(${copy})`
}

function isDefault(value: unknown): boolean {
  const [chunk, ...others] = is(value, SQL) ? value.queryChunks : []
  return (
    others.length === 0 && is(chunk, StringChunk) && chunk.value.join('').trim().toLowerCase() === 'default'
  )
}

/** `insert … select`: every row is of this organisation. */
function stampFields(within: Confinement, owned: OwnedTable, fields: readonly Field[]): Field[] {
  const columns = columnsOf(owned.table)
  // Drizzle compares the names alone, and a name may stand for several values, or for none.
  if (String(fields.map(({ path }) => path.join('.'))) !== String(Object.keys(columns)))
    refuse(
      `An insert into \`${getTableName(owned.table)}\` selects one value for each column, in their order.`,
    )
  return fields.map(({ path, field }) => {
    const [key = ''] = path
    const column = columns[key]
    if (column === undefined) return refuse(`\`${getTableName(owned.table)}\` has no column \`${key}\`.`)
    if (openReferences(within, owned, column).length > 0)
      return refuse(`\`${getTableName(owned.table)}.${column.name}\` refers to another row: insert values.`)
    if (key !== owned.tenant) return { path, field }
    const from = is(field, Column) ? within.tables.of(field.table) : null
    if (
      from === null ||
      from === 'shared' ||
      columnsOf(from.table)[from.tenant]?.name !== (field as Column).name
    )
      return refuse(
        `\`${getTableName(owned.table)}.${column.name}\` has to be that of the row it is selected from.`,
      )
    return { path, field: sql`${sql.param(within.orgId)}` }
  })
}
