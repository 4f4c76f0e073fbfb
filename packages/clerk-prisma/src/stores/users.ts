import type { InspectableStore, UserRecord, UserSnapshot, UserStore } from '@acme/clerk-core/store'
import {
  carried,
  checkActivity,
  checkLocalId,
  checkPurge,
  checkText,
  checkTime,
  checkUser,
  EMPTY_USER,
  ERASED_VERSION,
  foldAddress,
  hasVerifiedAddress,
  isSameAddress,
  laterTimes,
} from '@acme/clerk-core/store'
import type { Row } from '../client/prisma-client.js'
import { USERS } from '../table/definitions.js'
import type { Values } from '../table/table.js'
import { quotedTable, sqlColumn } from '../table/unique-columns.js'
import type { Incoming, Versioned } from '../table/versioned.js'
import { raiseTimes } from './activity.js'
import type { Context, ModelOptions } from './context.js'

export interface UsersOptions extends ModelOptions {
  readonly create?: ((snapshot: UserSnapshot) => object) | undefined
}

const PURGE_BATCH = 500

export function userStore<U extends UserRecord>(
  context: Context,
  options: UsersOptions = {},
): Required<UserStore<U> & InspectableStore> & { readonly tables: readonly Versioned[] } {
  const users = context.versioned(USERS, options)
  const { table } = users
  const { run } = context
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

  /** Rows without `clerkId` whose address is this one, as far as the database can tell. */
  async function sameAddress(email: string): Promise<Row[]> {
    const unlinked = { clerkId: null, deletedAt: null }
    const condition = context.dialect.sameAddress
    if (condition === null || table.description === null || context.client.$queryRawUnsafe === undefined) {
      const addresses = [...new Set([email, foldAddress(email)])]
      return table.findMany({ where: { ...unlinked, OR: addresses.map((address) => ({ email: address })) } })
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
    return ids.length === 0 ? [] : table.findMany({ where: { ...unlinked, id: { in: ids } } })
  }

  return {
    tables: [users],

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

    findLinkable: (email) =>
      run(async () => {
        checkText(email, 'email')
        const rows = await sameAddress(email)
        return rows.filter((row) => isSameAddress(row.email, email)).map(asUser)
      }),

    link: (id, snapshot) =>
      run(async () => {
        checkLocalId(id)
        const wanted = incoming(snapshot)
        if (snapshot.email == null) return null
        const [row] = await table.findMany({ where: { id, clerkId: null, deletedAt: null }, take: 1 })
        // The address may have changed hands since the row was looked at, and must not between here and the write.
        if (row === undefined || !isSameAddress(row.email, snapshot.email)) return null
        const linked = await users.link(row, { email: row.email }, wanted)
        return linked && asUser(linked)
      }),

    purge: (before, now = Date.now()) =>
      run(async () => {
        checkPurge(before, now)
        const due = {
          deletedAt: { lt: new Date(before) },
          clerkId: { not: null },
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
    inspect: () => context.inspect([[table, () => own(emptySnapshot('user_check'))]]),
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
