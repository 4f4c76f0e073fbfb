import {
  aliasedTable,
  type Column,
  getTableName,
  is,
  Param,
  Placeholder,
  type SQL,
  sql,
  type Table,
} from 'drizzle-orm'
import type { Confinement } from './confinement.js'
import { columnsOf, type ForeignKey, foreignKeysOf, originalName, schemaOf } from './drizzle.js'
import { confineExpression } from './expression.js'
import { refuse } from './organization-scope-error.js'
import type { OwnedTable, Tables } from './tables.js'

/** A foreign key of an owned table. */
interface Reference {
  readonly from: OwnedTable
  readonly columns: readonly Column[]
  readonly to: OwnedTable | 'shared' | null
  readonly foreignColumns: readonly Column[]
  readonly key: ForeignKey
  /** The organisation is part of it, so it cannot lead out of the organisation. */
  readonly withTenant: boolean
}

const known = new WeakMap<Tables, readonly Reference[]>()

function referencesOf(tables: Tables): readonly Reference[] {
  const before = known.get(tables)
  if (before !== undefined) return before
  const found = tables.owned.flatMap((from) =>
    foreignKeysOf(from.table).map((key): Reference => {
      const { columns, foreignColumns, foreignTable } = key.reference()
      const to = tables.of(foreignTable)
      const withTenant = columns.some(
        ({ name }, at) =>
          name === tenantName(from) &&
          to !== null &&
          to !== 'shared' &&
          foreignColumns[at]?.name === tenantName(to),
      )
      return { from, columns, to, foreignColumns, key, withTenant }
    }),
  )
  known.set(tables, found)
  return found
}

const tenantName = ({ table, tenant }: OwnedTable) => columnsOf(table)[tenant]?.name
const isOnlyTenant = ({ from, columns }: Reference) => columns.every(({ name }) => name === tenantName(from))

/** References of this column that the database itself does not keep within the organisation. */
export const openReferences = (
  { tables }: Confinement,
  from: OwnedTable,
  column: Column,
): readonly Reference[] =>
  referencesOf(tables).filter(
    (reference) =>
      reference.from === from &&
      reference.to !== 'shared' &&
      !reference.withTenant &&
      !isOnlyTenant(reference) &&
      reference.columns.some(({ name }) => name === column.name),
  )

/**
 * The value of a column that refers to another row: the id of a row of the organisation, or one that no row has. So a reference
 * to another organisation's row fails as one to a row that is not there.
 */
export function confineReference(
  within: Confinement,
  [reference, ...others]: readonly Reference[],
  column: Column,
  value: unknown,
): unknown {
  const path = `\`${getTableName(column.table)}.${column.name}\``
  if (is(value, Param) && value.value === null) return new Param(null, value.encoder)
  const to = reference?.to
  if (to === undefined || to === null || to === 'shared') {
    return refuse(
      `${path} refers to a table that is not declared in organizationScope: name it in \`owned\` or \`shared\`.`,
    )
  }
  if (others.length > 0 || reference?.columns.length !== 1)
    return refuse(
      `${path} is part of a reference that cannot be checked: let it refer by the organisation too.`,
    )
  if (!is(value, Param) || is(value.value, Placeholder))
    return refuse(`${path} refers to another row: give it as a value.`)
  const id = columnOf(to.table, reference.foreignColumns[0])
  const [name, row] = [sql.identifier(within.dialect.casing.getColumnCasing(id)), sql.identifier('scope_row')]
  const given = confineExpression(within, value)
  // Selected in two steps, as MySQL writes to no table that the same statement reads.
  return sql`coalesce((select ${row}.${name} from (select ${id} from ${to.table} where ${id} = ${given} and ${within.own(to)} limit 1) ${row}), ${noId(id)})`
}

const columnOf = (table: Table, column: Column | undefined): Column =>
  Object.values(columnsOf(table)).find(({ name }) => name === column?.name) ??
  refuse(`\`${getTableName(table)}\` has no column that the reference names.`)

function noId(column: Column): Param | SQL {
  const { dataType, table, name } = column
  if (dataType === 'string' || /^(text|varchar)\b/i.test(column.getSQLType()))
    return sql.param(crypto.randomUUID())
  if (dataType === 'number' || dataType === 'bigint') return sql`-2147483648`
  return refuse(
    `A reference to \`${getTableName(table)}.${name}\` cannot be checked: it is no text and no number.`,
  )
}

const refuses = (action: string | undefined) =>
  action === undefined || action === 'no action' || action === 'restrict'

/** Of a column that other rows refer to the database changes what they refer to. */
export function checkRenamed({ tables }: Confinement, owned: OwnedTable, column: Column): void {
  for (const { to, foreignColumns, key, withTenant } of referencesOf(tables)) {
    if (to !== owned || withTenant || refuses(key.onUpdate)) continue
    if (foreignColumns.some(({ name }) => name === column.name))
      refuse(
        `\`${getTableName(owned.table)}.${column.name}\` is referred to, and would be changed in other rows.`,
      )
  }
}

/**
 * What rows have to meet to be deleted, as the database may do something to the rows that refer to them: none of another
 * organisation does, nor to a row that would be deleted with them.
 */
export function unreferred(within: Confinement, owned: OwnedTable): SQL[] {
  return crossings(within, owned, owned.table, [owned]).map((crossing) => sql`not ${crossing}`)
}

function crossings(within: Confinement, to: OwnedTable, at: Table, path: readonly OwnedTable[]): SQL[] {
  return changedWith(within, to).flatMap((reference, index) => {
    const { from, withTenant } = reference
    const row = aliasedTable(from.table, `scope_${path.length}_${index}`)
    const found = withTenant ? [] : [notOwn(within, from, row)]
    if (reference.key.onDelete === 'cascade') {
      if (path.includes(from)) found.push(...anyCrossings(within, from))
      else found.push(...crossings(within, from, row, [...path, from]))
    }
    if (found.length === 0) return []
    const source = sourceOf(within, from, row, path[0])
    return [
      sql`exists (select 1 from ${source} where ${linked(reference, row, at)} and (${sql.join(found, sql` or `)}))`,
    ]
  })
}

const changedWith = ({ tables }: Confinement, owned: OwnedTable) =>
  referencesOf(tables).filter(({ to, key }) => to === owned && !refuses(key.onDelete))

/** In a circle of references, where no query can follow all rows: whether any row of another organisation refers to ours. */
function anyCrossings(within: Confinement, owned: OwnedTable): SQL[] {
  const reached = new Set([owned])
  const found: SQL[] = []
  for (const to of reached) {
    for (const reference of changedWith(within, to)) {
      if (reference.key.onDelete === 'cascade') reached.add(reference.from)
      if (reference.withTenant) continue
      const [row, other] = [
        aliasedTable(reference.from.table, 'scope_any'),
        aliasedTable(to.table, 'scope_own'),
      ]
      const sources = sql`${sourceOf(within, reference.from, row)}, ${sourceOf(within, to, other)}`
      const conditions = sql`${linked(reference, row, other)} and ${within.own(to, other)} and ${notOwn(within, reference.from, row)}`
      found.push(sql`exists (select 1 from ${sources} where ${conditions})`)
    }
  }
  return found
}

const linked = ({ columns, foreignColumns }: Reference, row: Table, at: Table): SQL =>
  sql.join(
    columns.map((column, index) => sql`${columnOf(row, column)} = ${columnOf(at, foreignColumns[index])}`),
    sql` and `,
  )

const notOwn = (within: Confinement, owned: OwnedTable, row: Table): SQL =>
  sql`(${columnsOf(row)[owned.tenant]} is null or not (${within.own(owned, row)}))`

/** MySQL deletes from no table that the same statement reads, unless it has to read it first. */
function sourceOf({ tables }: Confinement, { table }: OwnedTable, row: Table, deleted?: OwnedTable): SQL {
  const name = sql.identifier(getTableName(row))
  if (tables.family === 'mysql' && (deleted === undefined || deleted.table === table))
    return sql`(select * from ${table} limit 18446744073709551615) ${name}`
  const schema = schemaOf(table)
  const full = sql`${sql.identifier(originalName(table))}`
  return schema === undefined ? sql`${full} ${name}` : sql`${sql.identifier(schema)}.${full} ${name}`
}
