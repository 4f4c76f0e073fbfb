import { is, type SQL, Subquery, sql, Table, WithSubquery } from 'drizzle-orm'
import { type Dialect, nameOf, type SelectConfig } from './drizzle.js'
import { refuse } from './organization-scope-error.js'
import { type Change, confineSelect } from './select.js'
import { type OwnedTable, ownRows, type Tables } from './tables.js'

/** Where an organisation's queries go. */
export interface Scope {
  readonly tables: Tables
  /** The database's own, which confines nothing. */
  readonly dialect: Dialect
  orgId(): string
}

interface Confined {
  readonly tables: Tables
  readonly orgId: string
  /** The queries of `with` that it reads and does not bring along. */
  readonly needs: ReadonlySet<SQL>
}

/** Every statement that was confined. What is not here has been built by something else, and is not run. */
const confined = new WeakMap<SQL, Confined>()
/** The names of queries of `with`: as sources they are nothing but names. */
const names = new WeakMap<SQL, string>()

export interface Source {
  readonly table: unknown
  /** The condition that confines it; of what is confined already, and of shared tables, there is none. */
  readonly own: SQL | null
  readonly owned: OwnedTable | null
}

/** Confines one statement to one organisation. */
const DECLARE = "Name its column with the organisation's id in `owned`, or the table in `shared`"

export class Confinement {
  readonly tables: Tables
  readonly dialect: Dialect
  readonly orgId: string
  readonly #scope: Scope
  readonly #needs = new Set<SQL>()

  constructor(scope: Scope) {
    this.#scope = scope
    this.tables = scope.tables
    this.dialect = scope.dialect
    this.orgId = scope.orgId()
  }

  /**
   * Builds the statement.
   *
   * @param withList queries that it brings along: each may read those before it
   */
  statement(
    withList: readonly Subquery[] | undefined,
    build: (withList: readonly Subquery[] | undefined) => SQL,
  ): SQL {
    const [bound, needs] = [new Set<SQL>(), new Set<SQL>()]
    const brought = withList?.map((query) => {
      const { body, copy } = this.#query(query)
      if (names.get(body) !== copy._.alias)
        refuse('A query of `with` has to be made by `$with` of a scoped database.')
      // The conditions of the scope read tables by their names.
      if (this.tables.names.has(query._.alias.toLowerCase()))
        refuse(`\`${query._.alias}\` is the name of a table: give the query of \`with\` another one.`)
      for (const need of confined.get(body)?.needs ?? []) if (!bound.has(need)) needs.add(need)
      bound.add(body)
      return copy
    })
    const built = build(brought)
    for (const need of this.#needs) if (!bound.has(need)) needs.add(need)
    // What is looked at is what is run.
    Object.freeze(built.queryChunks)
    confined.set(built, { tables: this.tables, orgId: this.orgId, needs })
    return built
  }

  /** A query in the statement, built anew whatever it was made by. */
  select(config: SelectConfig, change?: Change): SQL {
    const built = confineSelect(new Confinement({ ...this.#scope, orgId: () => this.orgId }), config, change)
    for (const need of confined.get(built)?.needs ?? []) this.#needs.add(need)
    return built
  }

  /** A query with a name. */
  subquery(query: Subquery): Subquery {
    const { body, copy } = this.#query(query)
    if (isOfWith(copy)) return refuse('A query of `with` can only be selected from.')
    for (const need of confined.get(body)?.needs ?? []) this.#needs.add(need)
    return copy
  }

  /** What a query reads from. */
  source(table: unknown): Source {
    if (is(table, Subquery)) return { table: this.#sourceQuery(table), own: null, owned: null }
    const owned = is(table, Table) ? this.tables.of(table) : null
    if (!is(table, Table) || owned === null) {
      return refuse(
        `${nameOf(table)} is not declared in organizationScope: it cannot be read. ${DECLARE}, or read it by the database itself.`,
      )
    }
    if (owned === 'shared') return { table, own: null, owned: null }
    return { table, own: this.own(owned, table), owned }
  }

  /** A table to write to. An alias would be written as if it were the name of a table. */
  target(table: Table): OwnedTable {
    const owned = this.tables.of(table)
    if (owned === null)
      return refuse(
        `${nameOf(table)} is not declared in organizationScope: it cannot be written. ${DECLARE}.`,
      )
    if (owned === 'shared')
      return refuse(
        `${nameOf(table)} is shared by all organisations: a scope only reads it. Write it by the database itself.`,
      )
    return owned
  }

  own(owned: OwnedTable, table: Table = owned.table): SQL {
    return ownRows(this.tables, owned, table, this.orgId)
  }

  #sourceQuery(query: Subquery): Subquery {
    const { body, copy } = this.#query(query)
    if (!isOfWith(copy)) return this.subquery(query)
    if (names.get(body) !== copy._.alias)
      refuse('A query of `with` has to be made by `$with` of a scoped database.')
    this.#needs.add(body)
    return copy
  }

  #query(query: Subquery): { readonly body: SQL; readonly copy: Subquery } {
    const { sql: body, selectedFields, alias } = query._
    const known = confined.get(body as SQL)
    if (known?.tables !== this.tables || known.orgId !== this.orgId) {
      return refuse(`The query \`${alias}\` was not made by a scoped database of this organisation.`)
    }
    const ofWith = isOfWith(query)
    const Kind = ofWith ? WithSubquery : Subquery
    return { body: body as SQL, copy: new Kind(body as SQL, selectedFields, alias, ofWith) }
  }
}

/** As a source such a query is nothing but its name. */
const isOfWith = (query: Subquery): boolean => query._.isWith === true || is(query, WithSubquery)

/** Remembers the name of a query of `with`. */
export function nameQuery(query: Subquery): void {
  names.set(query._.sql as SQL, query._.alias)
}

/**
 * The last look before a statement is sent.
 *
 * @throws {OrganizationScopeError} for one that was not confined
 */
export function checkConfined(built: SQL, { tables, orgId }: Scope): void {
  const known = confined.get(built)
  if (known === undefined || known.tables !== tables || known.orgId !== orgId()) {
    refuse('SQL text cannot be confined to an organisation: use the query builder, or the database itself.')
  }
  if ((known?.needs.size ?? 0) > 0)
    refuse('A query of `with` is read, and not brought along: begin with `.with(query)`.')
}

/** A statement within another. It is no `SQL` to Drizzle, which would otherwise replace the columns in it. */
export const embedded = (built: SQL) => ({ getSQL: () => built })

export const both = (own: SQL | null, given: SQL | undefined): SQL | undefined => {
  if (own === null) return given === undefined ? undefined : sql`(${given})`
  return given === undefined ? own : sql`${own} and (${given})`
}
