import {
  Column,
  is,
  Name,
  Param,
  Placeholder,
  SQL,
  StringChunk,
  Subquery,
  sql,
  Table,
  View,
} from 'drizzle-orm'
import { isPgEnum } from 'drizzle-orm/pg-core'
import { TypedQueryBuilder } from 'drizzle-orm/query-builders/query-builder'
import { type Confinement, embedded } from './confinement.js'
import { type Builder, nameOf, type SelectConfig } from './drizzle.js'
import { refuse } from './organization-scope-error.js'
import { checkWords, type Piece } from './words.js'

/**
 * A copy of an expression, in which every query is confined. Later changes of the expression do not count.
 *
 * @throws {OrganizationScopeError} for anything else that could reach a table
 */
export function confineExpression(within: Confinement, expression: unknown): SQL {
  const pieces: Piece[] = []
  const copy = copyOf(within, expression, pieces)
  checkWords(pieces, within.tables.family, within.tables.functions)
  return is(copy, SQL) ? copy : sql`${copy}`
}

type Kind = 'operand' | 'list'

/** @param pieces collects what the expression will be in the statement */
function copyOf(within: Confinement, chunk: unknown, pieces: Piece[]): unknown {
  const as = <T>(kind: Kind, copy: T): T => {
    pieces.push({ kind })
    return copy
  }
  if (chunk === undefined) return chunk
  if (is(chunk, StringChunk)) {
    const text = chunk.value.join('')
    pieces.push({ text })
    return new StringChunk(text)
  }
  if (is(chunk, Name)) return as('operand', sql.identifier(chunk.value))
  if (Array.isArray(chunk))
    return as(
      'list',
      chunk.map((entry) => confineExpression(within, entry)),
    )
  const counted = countOf(chunk)
  if (counted !== null) return as('list', embedded(confineCount(within, counted)))
  if (is(chunk, SQL)) return copyOfSql(within, chunk, pieces)
  if (is(chunk, SQL.Aliased)) return as('operand', sql.identifier(chunk.fieldAlias))
  if (is(chunk, Subquery)) return as('list', within.subquery(chunk))
  if (is(chunk, Table) || is(chunk, View)) {
    return refuse(`${nameOf(chunk)} cannot stand in an expression: write the query with the query builder.`)
  }
  if (is(chunk, TypedQueryBuilder)) return as('list', embedded(within.select(configOf(chunk))))
  if (is(chunk, Param)) return copyOfParam(within, chunk, pieces)
  if (is(chunk, Placeholder)) return as('operand', copyOfPlaceholder(within, chunk, PLAIN))
  if (is(chunk, Column)) return as('operand', chunk)
  if (isPgEnum(chunk)) return as('operand', chunk)
  if (typeof chunk === 'function' || isWrapper(chunk)) {
    return refuse('An expression holds something that cannot be confined to an organisation.')
  }
  // Drizzle would look once more whether it is something else than a value.
  return as('operand', new Param(checkSent(within, chunk), PLAIN))
}

function copyOfSql(within: Confinement, chunk: SQL, pieces: Piece[]): SQL {
  const { shouldInlineParams, decoder } = chunk as unknown as {
    readonly shouldInlineParams: boolean
    readonly decoder: Parameters<SQL['mapWith']>[0]
  }
  if (shouldInlineParams)
    return refuse('Values cannot be written into the SQL text of an expression (`inlineParams`).')
  const copy = new SQL(chunk.queryChunks.map((each) => copyOf(within, each, pieces)) as SQL['queryChunks'])
  return copy.mapWith(decoder) as SQL
}

/** A column type may say what it is in SQL. */
function copyOfParam(within: Confinement, { value, encoder }: Param, pieces: Piece[]): unknown {
  if (is(value, Placeholder)) {
    pieces.push({ kind: 'operand' })
    return copyOfPlaceholder(within, value, encoder)
  }
  const mapped = value === null ? null : encoder.mapToDriverValue(value)
  if (is(mapped, SQL)) return copyOfSql(within, mapped, pieces)
  pieces.push({ kind: 'operand' })
  checkSent(within, mapped)
  return new Param(value, encoder)
}

/** `limit` and `offset`. */
export function confineAmount(within: Confinement, value: unknown): unknown {
  if (value === undefined || typeof value === 'number') return value
  if (is(value, Placeholder)) return copyOfPlaceholder(within, value, PLAIN)
  return refuse('`limit` and `offset` take numbers.')
}

type Encoder = Param['encoder']
const PLAIN: Encoder = { mapToDriverValue: (value) => value as never }

const copyOfPlaceholder = (within: Confinement, value: Placeholder, encoder: Encoder): Param =>
  new Param(
    value,
    within.tables.family !== 'pg'
      ? { mapToDriverValue: (given) => checkSent(within, encoder.mapToDriverValue(given)) as never }
      : encoder,
  )

/**
 * MySQL's drivers write values into the statement: of an object its keys, as if they were columns. SQLite's take the entries of a
 * list for values of their own, so that the organisation's would stand elsewhere.
 */
function checkSent({ tables }: Confinement, value: unknown): unknown {
  if (tables.family === 'pg' || typeof value !== 'object' || value === null) return value
  if (value instanceof Date || value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value
  return refuse('A value has to be a text, a number, a date or bytes, where its column makes none of it.')
}

const isWrapper = (value: unknown) =>
  typeof value === 'object' && value !== null && typeof (value as { getSQL?: unknown }).getSQL === 'function'

/** Of a query as its builder was told it. */
export function configOf(query: unknown): SelectConfig {
  if (!is(query, TypedQueryBuilder)) return refuse('A query has to be written with the query builder.')
  return (query as unknown as Builder).config
}

interface Counted {
  readonly source: unknown
  readonly filters: unknown
}

/** What `$count` counts, which is SQL text already. */
function countOf(value: unknown): Counted | null {
  if (!is(value, SQL) || !('params' in value)) return null
  const params = value.params as Partial<Counted> | null
  return typeof params === 'object' && params !== null && 'source' in params
    ? { source: params.source, filters: params.filters }
    : null
}

export const confineCount = (within: Confinement, { source, filters }: Counted): SQL =>
  within.select({ table: source, fields: { count: sql`count(*)` }, where: filters, setOperators: [] })
