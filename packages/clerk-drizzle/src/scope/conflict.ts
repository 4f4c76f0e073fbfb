import { Column, is, Param, SQL, sql } from 'drizzle-orm'
import { both, type Confinement } from './confinement.js'
import { columnsOf, identityOf, type WriteConfig } from './drizzle.js'
import { refuse } from './organization-scope-error.js'
import { expressionOf } from './select.js'
import type { OwnedTable } from './tables.js'
import { confineSet } from './writes.js'

type Given = Readonly<Record<string, unknown>>
type Method = (this: object, given?: Given) => unknown

interface Conflict {
  readonly kind: Kind
  readonly given: Given
  /** Drizzle's, which writes the SQL into `config.onConflict`. */
  readonly method: Method
}

const KINDS = ['onConflictDoNothing', 'onConflictDoUpdate', 'onDuplicateKeyUpdate'] as const
type Kind = (typeof KINDS)[number]

/** What inserts were told to do about conflicts. Drizzle makes SQL text of it at once. */
const told = new WeakMap<object, Conflict[]>()

/** Takes note of what an insert is told about conflicts, in the place of Drizzle. */
export function noteConflicts<B extends object>(insert: B): B {
  const { config } = insert as unknown as { readonly config: object }
  const methods = insert as unknown as Record<Kind, Method | undefined>
  for (const kind of KINDS) {
    const method = methods[kind]
    if (method === undefined) continue
    methods[kind] = (given = {}) => {
      told.set(config, [...(told.get(config) ?? []), { kind, given, method }])
      return insert
    }
  }
  return insert
}

/** A conflict changes rows of the organisation only. With another's row nothing happens, as with `onConflictDoNothing`. */
export function confineConflicts(within: Confinement, owned: OwnedTable, config: WriteConfig): unknown {
  if (config.onConflict !== undefined) refuse('What happens in a conflict was not told to a scoped database.')
  const insert: { config: { table: unknown; onConflict?: unknown }; dialect: object } = {
    config: { table: owned.table },
    dialect: within.dialect,
  }
  for (const { kind, given, method } of told.get(config) ?? []) {
    method.call(insert, CONFINE[kind](within, owned, given))
  }
  return insert.config.onConflict
}

const CONFINE: Readonly<Record<Kind, (within: Confinement, owned: OwnedTable, given: Given) => Given>> = {
  onConflictDoNothing: (within, owned, { target, where }) => ({
    ...(target === undefined ? {} : { target: confineTarget(owned, target) }),
    where: expressionOf(within, where),
  }),
  onConflictDoUpdate: (within, owned, { target, targetWhere, set, setWhere, where }) => {
    if (where !== undefined && (setWhere !== undefined || targetWhere !== undefined))
      refuse('Give `targetWhere` and `setWhere`, and not `where` beside them.')
    return {
      target: confineTarget(owned, target),
      targetWhere: expressionOf(within, targetWhere),
      set: mapValues(confineSet(within, owned, asValues(owned, set as Given)), (value) => sql`${value}`),
      setWhere: both(within.own(owned), expressionOf(within, setWhere ?? where)),
    }
  },
  // MySQL has no condition: every value has.
  onDuplicateKeyUpdate: (within, owned, { set }) => {
    const values = confineSet(within, owned, asValues(owned, set as Given))
    const own = within.own(owned)
    const guarded = (value: unknown, key: string) =>
      sql`case when ${own} then ${value} else ${columnsOf(owned.table)[key]} end`
    return { set: mapValues(values, guarded) }
  },
}

function confineTarget(owned: OwnedTable, target: unknown): readonly Column[] {
  const columns = [target].flat()
  for (const column of columns) {
    if (!is(column, Column) || identityOf(column.table) !== identityOf(owned.table))
      refuse('The target of a conflict takes columns of the table.')
  }
  return columns as Column[]
}

/** Drizzle takes SQL for what it is, and anything else for a value. */
const mapValues = (values: Given, change: (value: unknown, key: string) => SQL): Given =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]))

/** As Drizzle reads what is given to `set`. */
const asValues = (owned: OwnedTable, set: Given): Given =>
  Object.fromEntries(
    Object.entries(set)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [
        key,
        is(value, SQL) || is(value, Column) || is(value, Param)
          ? value
          : new Param(value, columnsOf(owned.table)[key]),
      ]),
  )
