import type { StoreFinding, UserSnapshot } from '@acme/clerk-core/store'
import {
  foldAddress,
  isSameAddress,
  isSameExternalId,
  type LinkBy,
  wholeExternalId,
} from '@acme/clerk-core/store'
import { and, type Column, eq, getTableColumns, inArray, type SQL } from 'drizzle-orm'
import { doesNotFit } from '../db/errors.js'
import type { Row } from '../db/queries.js'
import type { Table } from '../table/table.js'

/** A value in a column's own type, by Drizzle's name of it; `null`: the column cannot hold it, so no row has it. */
const AS_STORED: Readonly<Record<string, (externalId: string) => unknown>> = {
  string: (externalId) => externalId,
  custom: (externalId) => externalId,
  bigint: (externalId) => wholeExternalId(externalId, 64),
  number(externalId) {
    const whole = wholeExternalId(externalId, 64)
    return whole === null || !Number.isSafeInteger(Number(whole)) ? null : Number(whole)
  },
}

/** Numbers that no text stands for exactly. */
const INEXACT = /Real|Double|Float|Decimal|Numeric/

/** Rows of the application's own that may be linked, and what must still hold of one when it is. */
export interface Linkable {
  /** What is wrong with the column that `external_id` is compared with. */
  readonly problem: { readonly message: string; readonly remedy: string } | null
  /** What keeps rows from being without a Clerk id. */
  inspect(): readonly StoreFinding[]
  byId(id: unknown): Promise<Row | null>
  byAddress(email: string): Promise<Row[]>
  byExternalId(externalId: string): Promise<Row[]>
  /** The condition of a write: that the row has what it is linked by. `null`: it has not. */
  unchanged(row: Row, snapshot: UserSnapshot, by: LinkBy): Promise<SQL | null>
}

/** @param named key of the column with which `external_id` is compared; default: the id's */
export function linkable(table: Table, named: string | undefined): Linkable {
  const key = named ?? table.fields.get('id')?.key ?? 'id'
  const column: Column | undefined = getTableColumns(table.source)[key]
  const asStored = INEXACT.test(column?.columnType ?? '') ? undefined : AS_STORED[column?.dataType ?? '']
  const unlinked = () => table.where({ clerkId: null, deletedAt: null })

  /** What a column of a native type, `uuid` for instance, does not take, no row has. */
  async function read(where: SQL | undefined): Promise<Row[]> {
    try {
      return await table.findMany({ where: and(where, unlinked()) })
    } catch (error) {
      if (doesNotFit(error)) return []
      throw error
    }
  }

  /** Under the table's own key: the record may have another field of that name. */
  async function valuesOf(rows: readonly Row[]): Promise<ReadonlyMap<unknown, unknown>> {
    const id = table.column('id')
    const ids = rows.map((row) => row.id)
    if (column === undefined || ids.length === 0) return new Map()
    const found = await table.query(() =>
      table.db.select({ id, value: column }).from(table.source).where(inArray(id, ids)),
    )
    return new Map(found.map((row) => [row.id, row.value]))
  }

  return {
    problem:
      asStored !== undefined
        ? null
        : {
            message: `\`${key}\` is no column of \`${table.name}\` that holds texts or whole numbers.`,
            remedy: 'Name the key of a column of text, integer or bigint.',
          },

    inspect() {
      if (!table.column('clerkId').notNull) return []
      return [
        {
          severity: 'error',
          message: `\`${table.name}.clerkId\` is required: no row is without a Clerk id, so none is ever linked.`,
          remedy: "Set `linking` to 'off', or let the column be empty: leave `.notNull()` out.",
        },
      ]
    },

    byId: async (id) => (await read(eq(table.column('id'), id)))[0] ?? null,

    async byAddress(email) {
      const address = table.column('email')
      const where =
        table.dialect.sameAddress?.(address, email) ??
        inArray(address, [...new Set([email, foldAddress(email)])])
      return (await read(where)).filter((row) => isSameAddress(row.email, email))
    },

    async byExternalId(externalId) {
      const value = asStored?.(externalId) ?? null
      if (value === null || column === undefined) return []
      const rows = await read(eq(column, value))
      const values = await valuesOf(rows)
      return rows.filter((row) => isSameExternalId(values.get(row.id), externalId))
    },

    async unchanged(row, { email, externalId }, by) {
      if (by === 'verified-email')
        return email != null && isSameAddress(row.email, email) ? table.where({ email: row.email }) : null
      const value = (await valuesOf([row])).get(row.id)
      const isSame = externalId != null && isSameExternalId(value, externalId)
      return isSame && column !== undefined ? eq(column, value) : null
    },
  }
}
