import {
  ERASED_VERSION,
  type UserRecord,
  type UserRows,
  type UserSnapshot,
  type UserStore,
  userStoreOver,
} from '@acme/clerk-core/store'
import { and, asc, inArray, lt, sql } from 'drizzle-orm'
import { USERS } from '../table/definitions.js'
import type { Versioned } from '../table/versioned.js'
import type { Context, Inspected, TableOptions } from './context.js'
import { type Linkable, linkable } from './linkable.js'

export function userStore<U extends UserRecord>(
  { run, versioned }: Context,
  options: TableOptions<UserSnapshot> = {},
): { store: Required<UserStore<U>>; inspected: Inspected; links: Linkable } {
  const users = versioned(USERS)
  const links = linkable(users.table, options.externalIdColumn)
  // The switch is the application's from the first moment: its own columns may say otherwise.
  const switchedOn = { [options.fields?.isActive ?? 'isActive']: true }
  const create = (snapshot: UserSnapshot) => ({ ...switchedOn, ...options.create?.(snapshot) })
  const { store, newRow } = userStoreOver<U>({ users: { rows: rowsOf(users, links), create }, run })
  return { store, inspected: [[users.table, newRow]], links }
}

function rowsOf(users: Versioned, links: Linkable): UserRows {
  const { table } = users
  return {
    find: (clerkId) => users.find(clerkId),
    findAll: (clerkIds) => users.findMany(clerkIds),
    page: ({ after, limit }) => table.page(after, limit),
    apply: (incoming) => users.apply(incoming),
    applyEach: (incoming, known) => users.applyEach(incoming, known),
    remove: (clerkId, at, tombstone) => users.remove(clerkId, at, tombstone),
    probe: () => table.probe(),
    unstored: () => table.unstored,
    findByAddress: (email) => links.byAddress(email),
    findByExternalId: (externalId) => links.byExternalId(externalId),

    async raiseTimes(clerkId, times) {
      if (!table.dialect.isCaseSensitive) await users.find(clerkId)
      await users.raiseTimes(clerkId, times)
    },

    async link(id, incoming, snapshot, by) {
      const row = await links.byId(id)
      // What it is linked by may have changed hands since the row was looked at, and must not between here and the write.
      const unchanged = row && (await links.unchanged(row, snapshot, by))
      return row && unchanged && users.link(id, row, unchanged, incoming)
    },

    async erase(before, fields, limit) {
      const due = and(
        lt(table.column('deletedAt'), before),
        sql`${table.column('clerkId')} > ''`,
        lt(table.column('version'), ERASED_VERSION),
      )
      const orderBy = [asc(table.column('deletedAt'))]
      const rows = await table.findMany({ where: due, orderBy, limit, only: ['id'] })
      if (rows.length === 0) return null
      const ids = rows.map(({ id }) => id)
      return table.updateMany(and(due, inArray(table.column('id'), ids)), fields)
    },
  }
}
