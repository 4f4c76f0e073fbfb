import { ConfigurationError } from '@acme/clerk-core'
import { is, type Subquery, sql } from 'drizzle-orm'
import { TypedQueryBuilder } from 'drizzle-orm/query-builders/query-builder'
import { DIALECTS } from '../db/dialect.js'
import { Confinement, nameQuery, type Scope } from './confinement.js'
import { noteConflicts } from './conflict.js'
import type { Builder, Dialect, Family } from './drizzle.js'
import { configOf } from './expression.js'
import { refuse } from './organization-scope-error.js'
import { scopedDialect } from './scoped-dialect.js'
import { scopedSession } from './scoped-session.js'
import type { Tables } from './tables.js'

/** Whose rows a scoped database shows and changes. */
export interface Tenant {
  readonly tables: Tables
  /** It may be another one for each statement. */
  readonly perRequest: boolean
  orgId(): string
}

type Call = (...given: readonly unknown[]) => unknown
type Methods = Record<string, Call | undefined>
type Made = Builder & Methods

/** What the types of a database, or of a transaction, do not tell. */
interface Hidden {
  readonly dialect: Dialect
  readonly session: object
  readonly query?: Readonly<Record<string, object>>
}

const BUILDERS = ['select', 'selectDistinct', 'selectDistinctOn', 'update', 'delete'] as const

/** @throws {ConfigurationError} for a database that the tables are not of */
export function scopedDatabase(database: object, tenant: Tenant): object {
  const { dialect: plain, session: plainSession } = database as Hidden
  checkFamily(database, tenant.tables.family)
  const scope: Scope = { tables: tenant.tables, dialect: plain, orgId: () => tenant.orgId() }
  const dialect = scopedDialect(scope)
  const own = { dialect: { value: dialect }, session: { value: scopedSession(plainSession, tenant) } }
  const inner = Object.create(database, own) as Methods
  let queries: object | null = null

  const checked = (made: unknown): Made => {
    // What is wrapped around a database may build queries of its own.
    if ((made as Made).dialect !== dialect)
      refuse('This database is wrapped in another object: scope the one inside.')
    return made as Made
  }
  const methods: Record<string, unknown> = {
    ...buildersOf(inner, checked),
    with: (...withList: readonly unknown[]) => buildersOf(inner.with?.(...withList) as Methods, checked),
    $with: (alias: string, selection?: unknown) => ({
      as: (query: unknown) => {
        const asked = typeof query === 'function' ? query(methods) : query
        const body = bodyOf(scope, dialect, asked)
        const fields = () => (asked as { getSelectedFields(): unknown }).getSelectedFields()
        const named = (database as Methods).$with?.(alias, selection) as Methods
        const made = named.as?.({ getSQL: () => body, getSelectedFields: fields })
        nameQuery(made as Subquery)
        return made
      },
    }),
    $count: (source: unknown, filters?: unknown) => {
      const counted = inner.$count?.(source, filters) as { session: object }
      counted.session = {
        count: async () => count(checked(inner.select?.({ count: COUNT })), source, filters),
      }
      return counted
    },
    transaction: (run: Call, config?: unknown) =>
      (database as Methods).transaction?.(
        (transaction: object) => run(scopedDatabase(transaction, tenant)),
        config,
      ),
  }
  const { query } = database as Hidden
  Object.defineProperty(methods, 'query', {
    get: () =>
      (queries ??= Object.fromEntries(
        Object.entries(query ?? {}).map(([name, builder]) => [name, Object.create(builder, own)]),
      )),
  })
  if (typeof (database as Methods).rollback === 'function')
    methods.rollback = () => (database as Methods).rollback?.()
  return refuseOthers(methods)
}

const COUNT = sql`count(*)`.mapWith(Number)

async function count(select: Made, source: unknown, filters: unknown): Promise<unknown> {
  const from = select.from?.(source) as Made
  const rows = (await from.where?.(filters)) as readonly { readonly count: number }[] | undefined
  return rows?.[0]?.count
}

function buildersOf(from: Methods, checked: (made: unknown) => Made): Record<string, Call> {
  const found: Record<string, Call> = {}
  for (const name of BUILDERS) {
    if (typeof from[name] === 'function') found[name] = (...given) => checked(from[name]?.(...given))
  }
  if (typeof from.insert === 'function') found.insert = (into) => noting(checked(from.insert?.(into)))
  return found
}

/** An insert that takes note of what it is told about conflicts. */
function noting(insert: Made): Made {
  const methods = insert as Methods
  for (const name of ['values', 'select'] as const) {
    const method = methods[name]
    methods[name] = (...given) => noteConflicts(method?.apply(insert, [...given]) as object)
  }
  return insert
}

/** The SQL of a query of `with`. One that writes has to be of a scoped database already. */
function bodyOf(scope: Scope, dialect: Dialect, query: unknown) {
  if (is(query, TypedQueryBuilder)) return new Confinement(scope).select(configOf(query))
  const { dialect: of, getSQL } = query as Partial<Builder> & { getSQL?: Call }
  if (of !== dialect) return refuse('A query of `with` has to be written with the query builder.')
  return getSQL?.call(query)
}

function checkFamily(database: object, family: Family): void {
  const found = DIALECTS.find(({ isDatabase }) => isDatabase(database))?.door
  if (found === family) return
  throw new ConfigurationError([
    {
      option: 'organizationScope database',
      message:
        found === undefined ? 'it is no database of Drizzle.' : 'its tables are of another kind of database.',
      remedy: 'Pass what `drizzle(…)` answers, or a transaction of it.',
    },
  ])
}

/** Every other name throws, so that a method that is missing on purpose says so in plain JavaScript. */
function refuseOthers<M extends object>(methods: M): M {
  return new Proxy(Object.freeze(methods), {
    get(target: M, name) {
      if (Object.hasOwn(target, name)) return target[name as keyof M]
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined
      return refuse(
        `\`${name}\` cannot be confined to an organisation: use the database itself, knowing what it reaches.`,
      )
    },
  })
}
