import { is, SQL, sql, type Table } from 'drizzle-orm'
import { both, type Confinement } from './confinement.js'
import { confineAmount, confineExpression } from './expression.js'
import { refuse } from './organization-scope-error.js'
import { checkKeys } from './select.js'

/** What is asked of one table by `db.query`, and of each that is asked for with it. */
interface Asked {
  readonly [key: string]: unknown
  readonly where?: unknown
  readonly extras?: unknown
  readonly orderBy?: unknown
}

export interface RelationalConfig {
  readonly [key: string]: unknown
  readonly table: Table
  readonly queryConfig: true | Asked
}

const KNOWN = new Set(['columns', 'with', 'where', 'extras', 'orderBy', 'limit', 'offset'])

/** Drizzle asks once for each table, so each is looked at. Its relations need nothing more: every row is the organisation's. */
export function confineRelational(within: Confinement, config: RelationalConfig): RelationalConfig {
  const { table } = config
  const { own } = within.source(table)
  const asked = config.queryConfig === true ? {} : config.queryConfig
  checkKeys('A query', asked, KNOWN)
  const { where, extras, orderBy, limit, offset } = asked
  return {
    ...config,
    queryConfig: {
      ...asked,
      limit: confineAmount(within, limit),
      offset: confineAmount(within, offset),
      where: (...given: readonly unknown[]) => {
        const condition = answerOf(where, given)
        return both(own, condition === undefined ? undefined : confineExpression(within, condition))
      },
      ...(extras === undefined
        ? {}
        : { extras: (...given: readonly unknown[]) => confineExtras(within, answerOf(extras, given)) }),
      ...(orderBy === undefined
        ? {}
        : { orderBy: (...given: readonly unknown[]) => confineOrder(within, answerOf(orderBy, given)) }),
    },
  }
}

const answerOf = (asked: unknown, given: readonly unknown[]): unknown =>
  typeof asked === 'function' ? asked(...given) : asked

const confineExtras = (within: Confinement, extras: unknown) =>
  Object.fromEntries(
    Object.entries(extras as Readonly<Record<string, unknown>>).map(([key, extra]) => {
      if (!is(extra, SQL.Aliased))
        return refuse('What is asked for beside the columns needs a name: `.as(…)`.')
      return [key, new SQL.Aliased(confineExpression(within, extra.sql), extra.fieldAlias)]
    }),
  )

const confineOrder = (within: Confinement, order: unknown): SQL[] =>
  [order].flat().flatMap((each) => (each === undefined ? [] : [sql`${confineExpression(within, each)}`]))
