import {
  ERASED_VERSION,
  type InspectableStore,
  type UserRecord,
  type UserRows,
  type UserSnapshot,
  type UserStore,
  userStoreOver,
} from '@acme/clerk-core/store'
import { USERS } from '../table/definitions.js'
import type { Versioned } from '../table/versioned.js'
import { raiseTimes } from './activity.js'
import type { Context, ModelOptions } from './context.js'
import { type Linkable, linkable } from './linkable.js'

export interface UsersOptions extends ModelOptions {
  readonly create?: ((snapshot: UserSnapshot) => object) | undefined
  readonly externalIdColumn?: string | undefined
}

export function userStore<U extends UserRecord>(
  context: Context,
  options: UsersOptions = {},
): Required<UserStore<U> & InspectableStore> & {
  readonly tables: readonly Versioned[]
  readonly problems: Linkable['problems']
} {
  const users = context.versioned(USERS, options)
  const { table } = users
  const { run } = context
  const links = linkable(context, table, options.externalIdColumn)
  // The switch is the application's from the first moment: its own columns may say otherwise.
  const switchedOn = { [table.columns.get('isActive') ?? 'isActive']: true }
  const create = (snapshot: UserSnapshot) => ({ ...switchedOn, ...options.create?.(snapshot) })
  const { store, newRow } = userStoreOver<U>({ users: { rows: rowsOf(users, links), create }, run })
  return {
    ...store,
    tables: [users],
    problems: links.problems,
    inspect: async (use) => [
      ...(await context.inspect([[table, newRow]])),
      ...(use?.linking ? await run(() => links.inspect()) : []),
    ],
  }
}

function rowsOf(users: Versioned, links: Linkable): UserRows {
  const { table } = users
  return {
    find: (clerkId) => users.find(clerkId),
    findAll: (clerkIds) => users.findMany(clerkIds),
    page: (page) => users.page(page),
    apply: (incoming) => users.apply(incoming),
    applyEach: (incoming, known) => users.applyEach(incoming, known),
    remove: (clerkId, at, tombstone) => users.remove(clerkId, at, tombstone),
    probe: () => table.probe(),
    unstored: () => table.unstored,
    findByAddress: (email) => links.orNone([], () => links.byAddress(email)),
    findByExternalId: (externalId) => links.orNone([], () => links.byExternalId(externalId)),

    async raiseTimes(clerkId, times) {
      if (!table.isCaseSensitive) await users.find(clerkId)
      await raiseTimes(table, clerkId, times)
    },

    async link(id, incoming, snapshot, by) {
      const unlinked = { id, clerkId: null, deletedAt: null }
      const [row] = await links.orNone([], () => table.findMany({ where: unlinked, take: 1 }))
      if (row === undefined) return null
      // What it is linked by may have changed hands since the row was looked at, and must not between here and the write.
      const unchanged = await links.unchanged(row, snapshot, by)
      return unchanged && users.link(row, unchanged, incoming)
    },

    async erase(before, fields, limit) {
      // Has a Clerk id: where the column is required, Prisma refuses to compare it with null.
      const due = { deletedAt: { lt: before }, clerkId: { gt: '' }, version: { lt: ERASED_VERSION } }
      // The order is for SQLite's planner: it would read the whole table for Prisma's own order, by id.
      const orderBy = [{ deletedAt: 'asc' }] as const
      const rows = await table.findMany({ where: due, orderBy, take: limit, only: ['id'] })
      if (rows.length === 0) return null
      return table.updateMany({ ...due, id: { in: rows.map(({ id }) => id) } }, fields)
    },
  }
}
