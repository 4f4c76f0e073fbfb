import type {
  ApplyOutcome,
  InspectableStore,
  UserRecord,
  UserSnapshot,
  UserStore,
} from '@acme/clerk-core/store'
import {
  carried,
  checkActivity,
  checkIds,
  checkLocalId,
  checkPurge,
  checkRowPage,
  checkText,
  checkTime,
  checkUser,
  checkUsers,
  EMPTY_USER,
  ERASED_VERSION,
  hasVerifiedAddress,
  laterTimes,
  planBatch,
} from '@acme/clerk-core/store'
import type { Row } from '../client/prisma-client.js'
import { USERS } from '../table/definitions.js'
import type { Values } from '../table/table.js'
import type { Incoming, Versioned } from '../table/versioned.js'
import { raiseTimes } from './activity.js'
import type { Context, ModelOptions } from './context.js'
import { type Linkable, linkable } from './linkable.js'

export interface UsersOptions extends ModelOptions {
  readonly create?: ((snapshot: UserSnapshot) => object) | undefined
  readonly externalIdColumn?: string | undefined
}

const PURGE_BATCH = 500

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
  const own = (snapshot: UserSnapshot): Values => ({ ...switchedOn, ...options.create?.(snapshot) })
  const asUser = (row: Row) => row as unknown as U

  const incoming = (snapshot: UserSnapshot): Incoming => {
    checkUser(snapshot)
    return {
      clerkId: snapshot.clerkId,
      version: snapshot.version,
      ...(snapshot.createdAt !== undefined && { createdAt: snapshot.createdAt }),
      fields: syncedFields(snapshot),
      times: snapshot,
      nothing: NOTHING,
      own: () => own(snapshot),
    }
  }

  return {
    tables: [users],
    problems: links.problems,

    findByClerkId: (clerkId) =>
      run(async () => {
        checkText(clerkId, 'clerkId')
        const row = await users.find(clerkId)
        return row && asUser(row)
      }),

    apply: (snapshot) =>
      run(async () => {
        const { row, outcome } = await users.apply(incoming(snapshot))
        return { user: asUser(row), outcome }
      }),

    // Only a part is repeated when another writer was in its way: what was written would be told as unchanged.
    async applyMany(snapshots) {
      checkUsers(snapshots)
      if (snapshots.length === 0) return []
      const known = await run(() => users.findMany(snapshots.map(({ clerkId }) => clerkId)))
      const byClerkId = new Map(known.map((row) => [row.clerkId, row]))
      const outcomes: ApplyOutcome[] = []
      for (const part of planBatch(snapshots, known.map(asUser))) {
        const writes = part.map(incoming)
        const decided =
          writes.length > 1 ? await run(() => users.applyEach(writes, byClerkId)) : writes.map(() => null)
        for (const [index, write] of writes.entries())
          outcomes.push(decided[index] ?? (await run(() => users.apply(write))).outcome)
      }
      return outcomes
    },

    findMany: (clerkIds) =>
      run(async () => {
        checkIds(clerkIds)
        return clerkIds.length === 0 ? [] : (await users.findMany(clerkIds)).map(asUser)
      }),

    list: (page) =>
      run(async () => {
        checkRowPage(page)
        return (await users.page(page)).map(asUser)
      }),

    unstored: async () => table.unstored,

    remove: (clerkId, at) =>
      run(async () => {
        checkText(clerkId, 'clerkId')
        checkTime(at, 'at')
        const tombstone = {
          fields: { emailVerified: false },
          own: () => own(emptySnapshot(clerkId)),
        }
        return asUser(await users.remove(clerkId, new Date(at), tombstone))
      }),

    touch: (clerkId, activity) =>
      run(async () => {
        checkText(clerkId, 'clerkId')
        checkActivity(activity)
        if (!table.isCaseSensitive) await users.find(clerkId)
        await raiseTimes(table, clerkId, laterTimes(null, activity))
      }),

    findLinkable: (by) =>
      run(async () => {
        if ('email' in by) checkText(by.email, 'email')
        else checkText(by.externalId, 'externalId')
        const rows = links.orNone([], () =>
          'email' in by ? links.byAddress(by.email) : links.byExternalId(by.externalId),
        )
        return (await rows).map(asUser)
      }),

    link: (id, snapshot, by = 'verified-email') =>
      run(async () => {
        checkLocalId(id)
        const wanted = incoming(snapshot)
        const unlinked = { id, clerkId: null, deletedAt: null }
        const [row] = await links.orNone([], () => table.findMany({ where: unlinked, take: 1 }))
        // What it is linked by may have changed hands since the row was looked at, and must not between here and the write.
        if (row === undefined) return null
        const unchanged = await links.unchanged(row, snapshot, by)
        const linked = unchanged && (await users.link(row, unchanged, wanted))
        return linked && asUser(linked)
      }),

    purge: (before, now = Date.now()) =>
      run(async () => {
        checkPurge(before, now)
        const due = {
          deletedAt: { lt: new Date(before) },
          // Has one: where the column is required, Prisma refuses to compare it with null.
          clerkId: { gt: '' },
          version: { lt: ERASED_VERSION },
        }
        let purged = 0
        for (;;) {
          // The order is for SQLite's planner: it would read the whole table for Prisma's own order, by id.
          const orderBy = [{ deletedAt: 'asc' }] as const
          const rows = await table.findMany({ where: due, orderBy, take: PURGE_BATCH, only: ['id'] })
          if (rows.length === 0) return purged
          const where = { ...due, id: { in: rows.map(({ id }) => id) } }
          purged += await table.updateMany(where, ERASED)
        }
      }),

    ping: () => run(() => table.probe()),
    inspect: async (use) => [
      ...(await context.inspect([[table, () => own(emptySnapshot('user_check'))]])),
      ...(use?.linking ? await run(() => links.inspect()) : []),
    ],
  }
}

export const dateOf = (ms: number | null | undefined): Date | null | undefined =>
  typeof ms === 'number' ? new Date(ms) : ms

function syncedFields(snapshot: UserSnapshot): Values {
  return carried({
    email: snapshot.email,
    emailVerified: hasVerifiedAddress(snapshot),
    username: snapshot.username,
    phone: snapshot.phone,
    firstName: snapshot.firstName,
    lastName: snapshot.lastName,
    imageUrl: snapshot.imageUrl,
    externalId: snapshot.externalId,
    publicMetadata: snapshot.publicMetadata,
    privateMetadata: snapshot.privateMetadata,
    banned: snapshot.banned,
    deprovisioned: snapshot.deprovisioned,
    locked: snapshot.locked,
    clerkCreatedAt: dateOf(snapshot.createdAt),
  })
}

/** The columns of a user of whom nothing is known. */
const NOTHING: Values = EMPTY_USER

/** A user of whom nothing is known but the id. */
const emptySnapshot = (clerkId: string): UserSnapshot => {
  const { privateMetadata: _, clerkCreatedAt: createdAt, ...nothing } = EMPTY_USER
  return { ...nothing, createdAt, clerkId, publicMetadata: {}, updatedAt: null, version: 0 }
}

const ERASED: Values = { ...NOTHING, version: ERASED_VERSION }
