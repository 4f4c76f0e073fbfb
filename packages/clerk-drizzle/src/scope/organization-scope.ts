import {
  CLERK_OPTION,
  checkText,
  currentOrganizationId,
  type OptionRule,
  type OptionRules,
  readOptions,
  rule,
} from '@acme/clerk-core/store'
import { scopedDatabase } from './scoped-database.js'
import { declare, type OrganizationScopeOptions } from './tables.js'

/** What a scope takes: what `drizzle(…)` answers, for PostgreSQL, MySQL or SQLite, or a transaction of it. */
export interface ScopableDatabase {
  select(...given: never[]): unknown
  transaction(run: never, ...config: never[]): unknown
}

type Confined =
  | ('select' | 'selectDistinct' | 'selectDistinctOn' | 'insert' | 'update' | 'delete' | 'with' | '$with')
  | ('$count' | 'query' | 'rollback')

/** A database, or a transaction, that shows and changes the rows of one organisation. */
export type ScopedDatabase<D> = Pick<D, Extract<keyof D, Confined>> &
  (D extends { transaction(run: (transaction: infer T) => never, ...config: infer C): unknown }
    ? {
        /** The transaction is confined as the database is. */
        transaction<R>(run: (transaction: ScopedDatabase<T>) => R, ...config: C): R
      }
    : unknown)

export interface RequestScopeOptions {
  /** Whose requests count, where the middlewares of several clerks have been given `context: true`. */
  readonly clerk?: object
}

export interface OrganizationScope {
  /**
   * @param orgId Clerk's id of the organisation, as a rule from `auth.orgId`
   * @throws {StoreInputError} for an id that is none
   * @throws {ConfigurationError} for a database that the tables are not of
   */
  <D extends ScopableDatabase>(database: D, orgId: string): ScopedDatabase<D>

  /**
   * The same without an id, for one database that serves every request: each statement is confined to the organisation of the
   * request that is being answered (`currentAuth`). The middleware must have been given `context: true`. A statement throws
   * {@link CurrentAuthError} where no request is being answered, and {@link DeniedError} where the request has no organisation;
   * nothing is sent to the database then.
   *
   * @throws {ConfigurationError} for options that it does not know, and for a database that the tables are not of
   */
  ofRequest<D extends ScopableDatabase>(database: D, options?: RequestScopeOptions): ScopedDatabase<D>
}

/** What is in it is checked by `declare`. */
const list: OptionRule = { entries: (value) => ({ value }) }
const OPTIONS: OptionRules<OrganizationScopeOptions> = {
  owned: { ...list, required: 'Name the columns with the organisation: `{ owned: [notes.orgId] }`.' },
  shared: list,
  functions: rule.texts,
}
const OF_REQUEST: OptionRules<RequestScopeOptions> = { clerk: CLERK_OPTION }

/**
 * Confines a database of Drizzle to one organisation: `const db = scope(database, orgId)`. Every query by the core builder and by
 * `db.query`, wherever a table stands in it, reads, creates and changes rows of the organisation only, whatever it was asked for.
 * What cannot be confined throws {@link OrganizationScopeError}, and so does a table that is not declared.
 *
 * @throws {ConfigurationError} for options that it does not know, and for tables that cannot be confined
 */
export function organizationScope(options: OrganizationScopeOptions): OrganizationScope {
  const tables = declare(readOptions('organizationScope', options, OPTIONS))
  const of = <D>(database: D, orgId: () => string, perRequest: boolean) =>
    scopedDatabase(database as object, { tables, perRequest, orgId }) as ScopedDatabase<D>
  const scope = <D extends ScopableDatabase>(database: D, orgId: string) => {
    checkText(orgId, 'The organisation of a scope (`auth.orgId`, behind a guard with `{ org: true }`)')
    return of(database, () => orgId, false)
  }
  const ofRequest = <D extends ScopableDatabase>(database: D, given?: RequestScopeOptions) => {
    const { clerk } = readOptions('organizationScope.ofRequest', given, OF_REQUEST)
    return of(database, () => currentOrganizationId(clerk), true)
  }
  return Object.assign(scope, { ofRequest })
}
