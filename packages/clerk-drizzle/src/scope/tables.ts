import { ConfigurationError, type ConfigurationProblem } from '@acme/clerk-core'
import { Column, getTableName, is, type SQL, sql, Table } from 'drizzle-orm'
import { DIALECTS } from '../db/dialect.js'
import {
  columnsOf,
  type Family,
  foreignKeysOf,
  identityOf,
  isAlias,
  originalName,
  schemaOf,
} from './drizzle.js'

export interface OrganizationScopeOptions {
  /** The column of each table that holds the id of the organisation a row belongs to: `[notes.orgId, comments.orgId]`. */
  readonly owned: readonly Column[]
  /** Tables whose rows belong to all organisations. A scope reads them, and does not write to them. */
  readonly shared?: readonly Table[]
  /**
   * Functions of SQL that expressions may call beside the usual ones: `['st_distance']`. One that reads a table by itself would
   * read the rows of every organisation.
   */
  readonly functions?: readonly string[]
}

export interface OwnedTable {
  readonly table: Table
  /** Key of the column with the organisation's id. */
  readonly tenant: string
}

/** What is declared, checked: once for all organisations. */
export interface Tables {
  readonly family: Family
  readonly owned: readonly OwnedTable[]
  readonly functions: ReadonlySet<string>
  /** Of all tables, in lower case. */
  readonly names: ReadonlySet<string>
  /** `shared`; `null`: not declared. An alias is what it is an alias of. */
  of(table: Table): OwnedTable | 'shared' | null
}

/**
 * Columns that compare as they are. `char(n)` pads; another type of PostgreSQL, or a collation that is part of it, may call equal
 * what is not, where on MySQL and SQLite the condition says how to compare.
 */
const isExact = (column: Column) =>
  familyOf(column) === 'pg'
    ? ['PgText', 'PgVarchar'].includes(column.columnType)
    : ['string', 'custom'].includes(column.dataType) && /^(text|varchar)\b/i.test(column.getSQLType())

const familyOf = ({ table }: Column): Family | undefined =>
  DIALECTS.find(({ isTable }) => isTable(table))?.door

/** @throws {ConfigurationError} for a column or a table that cannot be confined */
export function declare({ owned, shared = [], functions = [] }: OrganizationScopeOptions): Tables {
  const problems = [...ownedProblems(owned), ...sharedProblems(owned, shared)]
  if (problems.length > 0) throw new ConfigurationError(problems)
  const found = new Map<object | undefined, OwnedTable | 'shared'>()
  const tables = owned.map((column) => ({ table: column.table, tenant: keyOf(column) }))
  for (const each of tables) found.set(identityOf(each.table), each)
  for (const table of shared) found.set(identityOf(table), 'shared')
  const all = [...owned.map(({ table }) => table), ...shared]
  const names = new Set(all.map(fullName))
  const [first] = owned
  return {
    family: (first && familyOf(first)) ?? 'sqlite',
    owned: tables,
    functions: new Set(functions.map((name) => name.toLowerCase())),
    names: new Set(all.map((table) => originalName(table).toLowerCase())),
    of: (table) => (names.has(fullName(table)) && found.get(identityOf(table))) || null,
  }
}

const fullName = (table: Table) => JSON.stringify([schemaOf(table), originalName(table)])

/** The table in the database, by whichever object. Only PostgreSQL tells the case of names apart. */
function placeOf(table: Table): string {
  const isPg = Object.values(columnsOf(table)).some(({ columnType }) => columnType.startsWith('Pg'))
  return isPg ? fullName(table) : fullName(table).toLowerCase()
}

/** By the second key the scope would not know the column. A column without a name has that of its key, in some casing. */
function declaredTwice(table: Table): string[] {
  const columns = Object.values(columnsOf(table))
  const folded = ({ name }: Column) => name.replaceAll('_', '').toLowerCase()
  const isSame = (one: Column, other: Column) =>
    one.name.toLowerCase() === other.name.toLowerCase() ||
    ((one.keyAsName || other.keyAsName) && folded(one) === folded(other))
  return columns
    .filter((column, at) => columns.slice(0, at).some((before) => isSame(before, column)))
    .map(({ name }) => name)
}

const keyOf = (column: Column) =>
  Object.entries(columnsOf(column.table)).find(([, { name }]) => name === column.name)?.[0] ?? ''

const problem = (option: string, message: string, remedy: string): ConfigurationProblem => ({
  option: `organizationScope ${option}`,
  message,
  remedy,
})

function* ownedProblems(owned: readonly Column[]): Generator<ConfigurationProblem> {
  const seen = new Set<string>()
  const families = new Set(owned.map((column) => is(column, Column) && familyOf(column)))
  if (owned.length === 0) yield problem('owned', 'it names no column.', 'Name one: `[notes.orgId]`.')
  for (const column of owned) {
    if (!is(column, Column) || isAlias(column.table)) {
      yield problem(
        'owned',
        'it has an entry that is no column of a table.',
        'Name columns: `[notes.orgId]`.',
      )
      continue
    }
    const path = `\`${getTableName(column.table)}.${column.name}\``
    if (!isExact(column))
      yield problem('owned', `${path} is no text.`, 'Let the column be `text` or `varchar`.')
    if (column.onUpdateFn !== undefined || column.generated !== undefined)
      yield problem('owned', `${path} is computed.`, 'Take the computation away: the scope sets it.')
    if (seen.has(placeOf(column.table)))
      yield problem('owned', `two columns of \`${getTableName(column.table)}\` are named.`, 'Name one.')
    seen.add(placeOf(column.table))
    for (const twice of declaredTwice(column.table))
      yield problem(
        'owned',
        `\`${getTableName(column.table)}\` declares its column \`${twice}\` twice.`,
        'Declare each column by one key.',
      )
  }
  if (families.size > 1)
    yield problem(
      'owned',
      'its tables are not all of one kind of database.',
      'Make a scope for each database.',
    )
}

/** Rows that are shared by all do not belong to an organisation, and so do not refer to what does. */
function* sharedProblems(
  owned: readonly Column[],
  shared: readonly Table[],
): Generator<ConfigurationProblem> {
  const columns = owned.filter((column) => is(column, Column))
  const tenants = new Set(columns.map(({ name }) => name))
  const tables = new Set(columns.map(({ table }) => placeOf(table)))
  for (const table of shared) {
    if (!is(table, Table) || isAlias(table)) {
      yield problem('shared', 'it has an entry that is no table.', 'Name tables: `[countries]`.')
      continue
    }
    const name = `\`${getTableName(table)}\``
    const remedy = 'Name its column in `owned`, or leave it out.'
    if (tables.has(placeOf(table))) yield problem('shared', `${name} is named in \`owned\` too.`, remedy)
    const tenant = Object.values(columnsOf(table)).find((column) => tenants.has(column.name))
    if (tenant !== undefined) yield problem('shared', `${name} has a column \`${tenant.name}\`.`, remedy)
    for (const { foreignTable } of foreignKeysOf(table).map((key) => key.reference())) {
      if (tables.has(placeOf(foreignTable)))
        yield problem(
          'shared',
          `${name} refers to \`${getTableName(foreignTable)}\`, which is not shared.`,
          remedy,
        )
    }
  }
}

/**
 * The rows of the organisation. The comparison is exact, whatever the collation of the column takes for equal.
 *
 * @param table the owned table, or an alias of it
 */
export function ownRows({ family }: Tables, { tenant }: OwnedTable, table: Table, orgId: string): SQL {
  const column = columnsOf(table)[tenant]
  const id = sql.param(orgId)
  // `=` is what an index serves. The planner knows nothing of `coalesce`, and so does not take the two for independent.
  if (family === 'pg') return sql`(${column} = ${id} and coalesce(${column} collate "C" = ${id}, false))`
  if (family === 'sqlite') return sql`${column} = ${id} collate binary`
  return sql`(${column} = ${id} and cast(${column} as binary) = cast(${id} as binary))`
}
