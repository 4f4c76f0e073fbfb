import type { ApplyOutcome, UserRecord, UserSnapshot, UserStore } from '@acme/clerk-core/store'
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
import { and, asc, inArray, lt, sql } from 'drizzle-orm'
import type { Row, Values } from '../db/queries.js'
import { USERS } from '../table/definitions.js'
import type { Incoming } from '../table/versioned.js'
import type { Context, Inspected, TableOptions } from './context.js'
import type { Linkable } from './linkable.js'
import { linkable } from './linkable.js'

const PURGE_BATCH = 500

export function userStore<U extends UserRecord>(
  { run, versioned }: Context,
  options: TableOptions<UserSnapshot> = {},
): { store: Required<UserStore<U>>; inspected: Inspected; links: Linkable } {
  const users = versioned(USERS)
  const { table } = users
  const links = linkable(table, options.externalIdColumn)
  // The switch is the application's from the first moment: its own columns may say otherwise.
  const switchedOn = { [options.fields?.isActive ?? 'isActive']: true }
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
      nothing: EMPTY_USER,
      own: () => own(snapshot),
    }
  }

  const store: Required<UserStore<U>> = {
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
      const known = await run(() => users.findMany(snapshots.map(({ clerkId }) => clerkId)))
      const byClerkId = new Map(known.map((row) => [row.clerkId, row]))
      const outcomes: ApplyOutcome[] = []
      for (const part of planBatch(snapshots, known.map(asUser))) {
        const writes = part.map(incoming)
        const decided = writes.length > 1 ? await run(() => users.applyEach(writes, byClerkId)) : []
        for (const [index, write] of writes.entries())
          outcomes.push(decided[index] ?? (await run(() => users.apply(write))).outcome)
      }
      return outcomes
    },

    findMany: (clerkIds) =>
      run(async () => {
        checkIds(clerkIds)
        return (await users.findMany(clerkIds)).map(asUser)
      }),

    list: (page) =>
      run(async () => {
        checkRowPage(page)
        return (await table.page(page.after, page.limit)).map(asUser)
      }),

    unstored: async () => table.unstored,

    remove: (clerkId, at) =>
      run(async () => {
        checkText(clerkId, 'clerkId')
        checkTime(at, 'at')
        const tombstone = { fields: { emailVerified: false }, own: () => own(emptySnapshot(clerkId)) }
        return asUser(await users.remove(clerkId, new Date(at), tombstone))
      }),

    touch: (clerkId, activity) =>
      run(async () => {
        checkText(clerkId, 'clerkId')
        checkActivity(activity)
        if (!table.dialect.isCaseSensitive) await users.find(clerkId)
        await users.raiseTimes(clerkId, laterTimes(null, activity))
      }),

    findLinkable: (by) =>
      run(async () => {
        if ('email' in by) checkText(by.email, 'email')
        else checkText(by.externalId, 'externalId')
        const rows = 'email' in by ? links.byAddress(by.email) : links.byExternalId(by.externalId)
        return (await rows).map(asUser)
      }),

    link: (id, snapshot, by = 'verified-email') =>
      run(async () => {
        checkLocalId(id)
        const wanted = incoming(snapshot)
        const row = await links.byId(id)
        // What it is linked by may have changed hands since the row was looked at, and must not between here and the write.
        const unchanged = row && (await links.unchanged(row, snapshot, by))
        const linked = row && unchanged && (await users.link(id, row, unchanged, wanted))
        return linked && asUser(linked)
      }),

    purge: (before, now = Date.now()) =>
      run(async () => {
        checkPurge(before, now)
        const due = and(
          lt(table.column('deletedAt'), new Date(before)),
          sql`${table.column('clerkId')} > ''`,
          lt(table.column('version'), ERASED_VERSION),
        )
        let purged = 0
        for (;;) {
          const orderBy = [asc(table.column('deletedAt'))]
          const rows = await table.findMany({ where: due, orderBy, limit: PURGE_BATCH, only: ['id'] })
          if (rows.length === 0) return purged
          const ids = rows.map(({ id }) => id)
          purged += await table.updateMany(and(due, inArray(table.column('id'), ids)), ERASED)
        }
      }),

    ping: () => run(() => table.probe()),
  }
  return { store, inspected: [[table, () => own(emptySnapshot('user_check'))]], links }
}

export const dateOf = (ms: number | null | undefined): Date | null | undefined =>
  typeof ms === 'number' ? new Date(ms) : ms

/** What the table has no column for is not written. */
function syncedFields(snapshot: UserSnapshot): Values {
  const { clerkId: _, version: __, createdAt, lastSignInAt: ___, lastActiveAt: ____, ...fields } = snapshot
  const emailVerified = hasVerifiedAddress(snapshot)
  return carried({ ...fields, emailVerified, clerkCreatedAt: dateOf(createdAt) })
}

/** A user of whom nothing is known but the id. */
const emptySnapshot = (clerkId: string): UserSnapshot => {
  const { privateMetadata: _, clerkCreatedAt: createdAt, ...nothing } = EMPTY_USER
  return { ...nothing, createdAt, clerkId, publicMetadata: {}, updatedAt: null, version: 0 }
}

const ERASED: Values = { ...EMPTY_USER, version: ERASED_VERSION }
