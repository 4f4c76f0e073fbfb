import { checkIds, checkRowPage, checkUsers, planBatch } from '../rules/batch.js'
import { checkActivity, checkLocalId, checkText, checkTime, checkUser } from '../rules/input.js'
import { laterTimes } from '../rules/times.js'
import { checkPurge, EMPTY_USER } from '../rules/tombstone.js'
import type { ApplyOutcome, LinkBy, UserRecord, UserSnapshot, UserStore } from '../user.js'
import {
  type IncomingRow,
  ownColumns,
  type RowValues,
  type StoredRow,
  type TableOf,
  type VersionedRows,
} from './rows.js'
import { ERASED_USER, emptyUser, userFields } from './user-rows.js'

/** What a table of users does besides what every table of rows that converge does. */
export interface UserRows extends Omit<VersionedRows, 'findMany' | 'update'> {
  /** Of these Clerk ids, exactly, and none for none. */
  findAll(clerkIds: readonly string[]): Promise<readonly StoredRow[]>
  /**
   * `apply` for rows that have nothing to do with each other, in few statements. `null`: `apply` has to decide.
   *
   * @param known the rows by Clerk id, as they were just read
   */
  applyEach(
    incoming: readonly IncomingRow[],
    known: ReadonlyMap<unknown, StoredRow>,
  ): Promise<readonly (ApplyOutcome | null)[]>
  /** Raises each time that is earlier, or empty: of two writers the later time stays. An erased row stays empty. */
  raiseTimes(clerkId: string, times: Readonly<Record<string, Date>>): Promise<void>
  /** Rows without a Clerk id that have this address, or this external id: see `isSameAddress` and `isSameExternalId`. */
  findByAddress(email: string): Promise<readonly StoredRow[]>
  findByExternalId(externalId: string): Promise<readonly StoredRow[]>
  /**
   * One write, on the condition that the row still has no Clerk id, is not deleted, and has what it is linked by. `null`: it
   * does not hold.
   */
  link(id: unknown, incoming: IncomingRow, snapshot: UserSnapshot, by: LinkBy): Promise<StoredRow | null>
  /**
   * Writes the fields over so many rows at most that have a Clerk id, were deleted before this time and are not erased yet:
   * those that were deleted first.
   *
   * @returns how many were written; `null`: there is none
   */
  erase(before: Date, fields: RowValues, limit: number): Promise<number | null>
}

/** What {@link userStoreOver} stands on. */
export interface UserTable {
  /** `create` also answers the switch, `isActive: true`, under its column's name: it is the application's from the first moment. */
  readonly users: TableOf<UserSnapshot, UserRows>
  /** Every piece of work that reads or writes runs in it: it may repeat the work, or say an error in other words. */
  run<T>(work: () => Promise<T>): Promise<T>
}

export interface UserStoreOver<U extends UserRecord> {
  readonly store: Required<UserStore<U>>
  /** For `inspect`: the application's own columns of an invented row, as the store would make it. */
  newRow(): RowValues
}

const PURGE_BATCH = 500

/**
 * The users over a table of any database: what is asked, written and answered, in which order. How a statement is written is
 * left to the table.
 */
export function userStoreOver<U extends UserRecord>({ users: table, run }: UserTable): UserStoreOver<U> {
  const { rows: users } = table
  const asUser = (row: StoredRow) => row as unknown as U

  const incoming = (snapshot: UserSnapshot): IncomingRow => {
    checkUser(snapshot)
    return {
      clerkId: snapshot.clerkId,
      version: snapshot.version,
      ...(snapshot.createdAt !== undefined && { createdAt: snapshot.createdAt }),
      fields: userFields(snapshot),
      times: snapshot,
      nothing: EMPTY_USER,
      own: ownColumns(table, snapshot),
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
      if (snapshots.length === 0) return []
      const known = await run(() => users.findAll(snapshots.map(({ clerkId }) => clerkId)))
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
        return clerkIds.length === 0 ? [] : (await users.findAll(clerkIds)).map(asUser)
      }),

    list: (page) =>
      run(async () => {
        checkRowPage(page)
        return (await users.page(page)).map(asUser)
      }),

    unstored: async () => users.unstored(),

    remove: (clerkId, at) =>
      run(async () => {
        checkText(clerkId, 'clerkId')
        checkTime(at, 'at')
        const tombstone = { fields: { emailVerified: false }, own: ownColumns(table, emptyUser(clerkId)) }
        return asUser(await users.remove(clerkId, new Date(at), tombstone))
      }),

    touch: (clerkId, activity) =>
      run(async () => {
        checkText(clerkId, 'clerkId')
        checkActivity(activity)
        await users.raiseTimes(clerkId, laterTimes(null, activity))
      }),

    findLinkable: (by) =>
      run(async () => {
        if ('email' in by) checkText(by.email, 'email')
        else checkText(by.externalId, 'externalId')
        const rows = 'email' in by ? users.findByAddress(by.email) : users.findByExternalId(by.externalId)
        return (await rows).map(asUser)
      }),

    link: (id, snapshot, by = 'verified-email') =>
      run(async () => {
        checkLocalId(id)
        const linked = await users.link(id, incoming(snapshot), snapshot, by)
        return linked && asUser(linked)
      }),

    purge: (before, now = Date.now()) =>
      run(async () => {
        checkPurge(before, now)
        let purged = 0
        for (;;) {
          const erased = await users.erase(new Date(before), ERASED_USER, PURGE_BATCH)
          if (erased === null) return purged
          purged += erased
        }
      }),

    ping: () => run(() => users.probe()),
  }
  return { store, newRow: ownColumns(table, emptyUser('user_check')) }
}
