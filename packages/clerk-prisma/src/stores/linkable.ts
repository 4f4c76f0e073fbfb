import type { ConfigurationProblem } from '@acme/clerk-core'
import type { LinkBy, StoreFinding, UserSnapshot } from '@acme/clerk-core/store'
import { foldAddress, isSameAddress, isSameExternalId, wholeExternalId } from '@acme/clerk-core/store'
import { comparesRequired } from '../client/errors.js'
import type { Delegate, Row } from '../client/prisma-client.js'
import { inspectUnlinked } from '../schema/inspect.js'
import { OWN_NAMES, type Table, type Values } from '../table/table.js'
import { quotedTable, sqlColumn } from '../table/unique-columns.js'
import type { Context } from './context.js'

const UNLINKED = { clerkId: null, deletedAt: null } as const

/** A value in a column's own type, by Prisma's name of it; `null`: the column cannot hold it, so no row has it. */
const AS_STORED: Readonly<Record<string, (externalId: string) => unknown>> = {
  String: (externalId) => externalId,
  BigInt: (externalId) => wholeExternalId(externalId, 64),
  Int(externalId) {
    const whole = wholeExternalId(externalId, 32)
    return whole === null ? null : Number(whole)
  },
}

/** A value that a column of a native type, `@db.Uuid` for instance, does not take. */
const DOES_NOT_FIT = new Set<unknown>(['P2007', 'P2023'])

/** Rows of the application's own that may be linked, and what must still hold of one when it is. */
export interface Linkable {
  problems(): ConfigurationProblem[]
  /** `none` where the model requires a Clerk id: then no row is without one, and Prisma does not even ask. */
  orNone<T>(none: T, ask: () => Promise<T>): Promise<T>
  /** What keeps rows from being without a Clerk id. */
  inspect(): Promise<StoreFinding[]>
  byAddress(email: string): Promise<Row[]>
  byExternalId(externalId: string): Promise<Row[]>
  /** The condition of a write: that the row has what it is linked by. `null`: it has not. */
  unchanged(row: Row, snapshot: UserSnapshot, by: LinkBy): Promise<Values | null>
}

/** @param named the model's own field with which `external_id` is compared; default: its id */
export function linkable(context: Context, table: Table, named: string | undefined): Linkable {
  const id = table.columns.get('id') ?? 'id'
  const column = named ?? id
  const described = table.description?.fields.find(({ name }) => name === column)

  /** Under the model's own names: a column that the record has under its name too is not hidden here. */
  async function read(where: Values): Promise<Row[]> {
    const delegate = (context.client as Record<string, unknown>)[table.model] as Delegate
    const unlinked = Object.fromEntries(
      Object.entries(UNLINKED).map(([field, value]) => [table.columns.get(field) ?? field, value]),
    )
    return delegate.findMany({ where: { ...where, ...unlinked }, select: { [id]: true, [column]: true } })
  }

  /** Prisma's type of the column. A wrapped client does not say, but its rows do. */
  async function typeOfColumn(): Promise<string> {
    if (described !== undefined) return described.type
    const [row] = await table.findMany({ where: {}, take: 1 })
    return { number: 'Int', bigint: 'BigInt' }[typeof row?.[column] as string] ?? 'String'
  }

  async function found(where: Values, externalId: string): Promise<Row[]> {
    try {
      return (await read(where)).filter((row) => isSameExternalId(row[column], externalId))
    } catch (error) {
      if (DOES_NOT_FIT.has((error as { code?: unknown } | null)?.code)) return []
      throw error
    }
  }

  async function orNone<T>(none: T, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (comparesRequired(error, table.columns.get('clerkId') ?? 'clerkId')) return none
      throw error
    }
  }

  return {
    problems() {
      if (named === undefined || table.description === null) return []
      if (described !== undefined && described.type in AS_STORED) return []
      const is = described === undefined ? 'is no field' : `is ${described.type}`
      return [
        {
          option: 'prismaStore users.externalIdColumn',
          message: `\`${column}\` ${is} of \`${table.model}\`${described === undefined ? '' : ', which no text stands for exactly'}.`,
          remedy: 'Name a field of type String, Int or BigInt.',
        },
      ]
    },

    orNone,

    async inspect() {
      const asked = await orNone(null, () => table.findMany({ where: UNLINKED, take: 1, only: ['id'] }))
      return inspectUnlinked({ client: context.client, dialect: context.dialect, table }, asked === null)
    },

    async byAddress(email) {
      const rows = await sameAddress(context, table, email)
      return rows.filter((row) => isSameAddress(row.email, email))
    },

    async byExternalId(externalId) {
      const value = AS_STORED[await typeOfColumn()]?.(externalId) ?? null
      if (value === null) return []
      const ids = (await found({ [column]: value }, externalId)).map((row) => row[id])
      return ids.length === 0 ? [] : table.findMany({ where: { ...UNLINKED, id: { in: ids } } })
    },

    async unchanged(row, { email, externalId }, by) {
      if (by === 'verified-email')
        return email != null && isSameAddress(row.email, email) ? { email: row.email } : null
      const [same] = externalId == null ? [] : await found({ [id]: row.id }, externalId)
      return same === undefined ? null : { [OWN_NAMES]: { [column]: same[column] } }
    },
  }
}

/** Rows without `clerkId` whose address is this one, as far as the database can tell. */
async function sameAddress(context: Context, table: Table, email: string): Promise<Row[]> {
  const condition = context.dialect.sameAddress
  if (condition === null || table.description === null || context.client.$queryRawUnsafe === undefined) {
    const addresses = [...new Set([email, foldAddress(email)])]
    return table.findMany({ where: { ...UNLINKED, OR: addresses.map((address) => ({ email: address })) } })
  }
  const [id, address, clerkId, deletedAt] = ['id', 'email', 'clerkId', 'deletedAt'].map((field) =>
    context.dialect.quote(sqlColumn(table, field) ?? field),
  )
  const found = await context.client.$queryRawUnsafe(
    `SELECT ${id} AS "id" FROM ${quotedTable(table, context.dialect)}
     WHERE ${condition(String(address))} AND ${clerkId} IS NULL AND ${deletedAt} IS NULL`,
    email,
  )
  const ids = (found as readonly Row[]).map((row) => row.id)
  return ids.length === 0 ? [] : table.findMany({ where: { ...UNLINKED, id: { in: ids } } })
}
