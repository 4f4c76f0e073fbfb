import { isDeepStrictEqual } from 'node:util'
import { StoreInputError } from '../../../ground/errors.js'
import { checkIds, checkRowPage, checkUsers, type RowPage } from '../rules/batch.js'
import { decideApply } from '../rules/convergence.js'
import { hasVerifiedAddress, isSameAddress } from '../rules/email.js'
import { isSameExternalId } from '../rules/external-id.js'
import { checkActivity, checkText, checkTime, checkUser, storable } from '../rules/input.js'
import { laterTimes } from '../rules/times.js'
import { checkPurge, EMPTY_USER, ERASED_VERSION, earliestDeletion, isBareUser } from '../rules/tombstone.js'
import { emptied } from '../rules/uniqueness.js'
import type {
  ApplyOutcome,
  LinkBy,
  LinkKey,
  Metadata,
  UserActivity,
  UserRecord,
  UserSnapshot,
  UserStore,
} from '../user.js'
import { copyOf } from './copy-of.js'
import { createPages } from './page.js'
import { resolveConflicts } from './unique.js'

/** A user in memory: what Clerk says, and whatever else the application put beside it. */
export interface MemoryUser extends UserRecord {
  readonly id: string
  readonly privateMetadata: Metadata | null
  readonly locked: boolean
  /** Columns of the application's own. */
  readonly [column: string]: unknown
}

/** What the application may set itself. */
type LocalColumns = Partial<Omit<MemoryUser, 'id' | 'clerkId' | 'version'>>

export interface MemoryUserStore extends UserStore<MemoryUser> {
  applyMany(snapshots: readonly UserSnapshot[]): Promise<ApplyOutcome[]>
  findMany(clerkIds: readonly string[]): Promise<MemoryUser[]>
  list(page: RowPage): Promise<MemoryUser[]>
  touch(clerkId: string, activity: UserActivity): Promise<void>
  findLinkable(by: LinkKey): Promise<MemoryUser[]>
  link(id: string, snapshot: UserSnapshot, by?: LinkBy): Promise<MemoryUser | null>
  purge(before: number, now?: number): Promise<number>
  ping(): Promise<void>
  /** A row as the application itself makes one: no `clerkId`. @throws {StoreInputError} for a unique value that is taken */
  create(fields: LocalColumns): Promise<MemoryUser>
  /** Sets columns of a row as the application itself would. `null`: there is no such row. */
  update(id: string, fields: LocalColumns): Promise<MemoryUser | null>
  /** Every row, for tests. */
  all(): Promise<MemoryUser[]>
}

/** Columns of users that may be unique. */
export type UniqueUserColumn = 'email' | 'username' | 'phone' | 'externalId'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Row = Mutable<MemoryUser>

/** Single-threaded: between a read and the write that rests on it nothing is awaited, which makes each method atomic. */
export function memoryUsers(unique: readonly UniqueUserColumn[], externalIdColumn = 'id'): MemoryUserStore {
  const rows = new Map<string, Row>()
  const byClerkId = new Map<string, Row>()
  const pageOf = createPages(byClerkId)
  let created = 0

  const copy = (row: Row): MemoryUser => copyOf(row)

  function insert(row: Row): Row {
    rows.set(row.id, row)
    if (row.clerkId !== null) byClerkId.set(row.clerkId, row)
    return row
  }

  const nextId = () => String(++created)

  /** Writes a snapshot over a row; answers whether that changed anything. */
  function fill(row: Row, snapshot: UserSnapshot): boolean {
    const { clerkId } = snapshot
    const synced: Row = { ...row, ...laterTimes(row, snapshot), clerkId }
    // Absent is not empty: such a field keeps what the row has.
    for (const [field, value] of Object.entries(syncedFields(snapshot)))
      if (value !== undefined) synced[field] = copyOf(value)
    const next = resolveConflicts(synced, rows.values(), unique, Object.assign)
    if (row.clerkId !== null && isDeepStrictEqual(next, row)) return false
    Object.assign(row, next)
    return true
  }

  function has(
    row: Row,
    by: { readonly email: string | null | undefined } | { readonly externalId: string | null | undefined },
  ): boolean {
    if ('email' in by) return by.email != null && isSameAddress(row.email, by.email)
    return by.externalId != null && isSameExternalId(row[externalIdColumn], by.externalId)
  }

  function apply(snapshot: UserSnapshot): { row: Row; outcome: ApplyOutcome } {
    const known = byClerkId.get(snapshot.clerkId)
    const decision = decideApply(
      known ? { version: known.version, isBare: isBareUser(known) } : null,
      snapshot.version,
    )
    if (known !== undefined && (decision === 'stale' || decision === 'unchanged')) {
      Object.assign(known, laterTimes(known, snapshot))
      return { row: known, outcome: decision }
    }
    const row = known ?? emptyRow(nextId())
    const changed = fill(row, snapshot)
    if (known === undefined) return { row: insert(row), outcome: 'created' }
    return { row, outcome: changed ? 'updated' : 'unchanged' }
  }

  return {
    async findByClerkId(clerkId) {
      checkText(clerkId, 'clerkId')
      const row = byClerkId.get(clerkId)
      return row === undefined ? null : copy(row)
    },

    async apply(snapshot): Promise<{ user: MemoryUser; outcome: ApplyOutcome }> {
      checkUser(snapshot)
      const { row, outcome } = apply(snapshot)
      return { user: copy(row), outcome }
    },

    async applyMany(snapshots) {
      checkUsers(snapshots)
      return snapshots.map((snapshot) => apply(snapshot).outcome)
    },

    async findMany(clerkIds) {
      checkIds(clerkIds)
      return [...new Set(clerkIds)].flatMap((clerkId) => byClerkId.get(clerkId) ?? []).map(copy)
    },

    async list(page) {
      checkRowPage(page)
      return pageOf(page).map(copy)
    },

    async remove(clerkId, at) {
      checkText(clerkId, 'clerkId')
      checkTime(at, 'at')
      const row = byClerkId.get(clerkId) ?? insert({ ...emptyRow(nextId()), clerkId })
      const deletedAt = earliestDeletion(row.deletedAt, new Date(at))
      Object.assign(row, { deletedAt }, emptied(unique))
      return copy(row)
    },

    async touch(clerkId, activity) {
      checkText(clerkId, 'clerkId')
      checkActivity(activity)
      const row = byClerkId.get(clerkId)
      if (row === undefined || row.version >= ERASED_VERSION) return
      Object.assign(row, laterTimes(row, activity))
    },

    async findLinkable(by) {
      if ('email' in by) checkText(by.email, 'email')
      else checkText(by.externalId, 'externalId')
      return [...rows.values()].filter((row) => isUnlinked(row) && has(row, by)).map(copy)
    },

    async link(id, snapshot, by = 'verified-email') {
      checkText(id, 'id')
      checkUser(snapshot)
      const row = rows.get(id)
      if (row === undefined || !isUnlinked(row) || byClerkId.has(snapshot.clerkId)) return null
      // The address, or the external id, may have changed hands since the row was looked at.
      const { email, externalId } = snapshot
      const same = by === 'external-id' ? has(row, { externalId }) : has(row, { email })
      if (!same) return null
      fill(row, snapshot)
      return copy(insert(row))
    },

    async purge(before, now = Date.now()) {
      checkPurge(before, now)
      const due = [...rows.values()].filter(
        ({ clerkId, deletedAt, version }) =>
          clerkId !== null && deletedAt !== null && deletedAt.getTime() < before && version < ERASED_VERSION,
      )
      for (const row of due) Object.assign(row, EMPTY_USER, { version: ERASED_VERSION })
      return due.length
    },

    async ping() {},

    async create(fields) {
      const row: Row = { ...emptyRow(nextId()), ...structuredClone(fields) }
      for (const other of rows.values()) {
        const taken = unique.find((column) => row[column] !== null && row[column] === other[column])
        if (taken !== undefined) throw new StoreInputError(`${taken} is taken by another row.`)
      }
      return copy(insert(row))
    },

    async update(id, fields) {
      const row = rows.get(id)
      if (row === undefined) return null
      Object.assign(row, structuredClone(fields))
      return copy(row)
    },

    all: async () => [...rows.values()].map(copy),
  }
}

const isUnlinked = ({ clerkId, deletedAt }: Row) => clerkId === null && deletedAt === null

const dateOf = (ms: number | null | undefined) => (typeof ms === 'number' ? new Date(ms) : ms)

const EMPTY_ROW: Row = { ...EMPTY_USER, id: '', clerkId: null, isActive: true, version: 0, deletedAt: null }

/** As a copy of one row, whose fields have their places: adding them one by one takes several times as long. */
function emptyRow(id: string): Row {
  return { ...EMPTY_ROW, id }
}

function syncedFields(snapshot: UserSnapshot): Readonly<Record<string, unknown>> {
  const { email, username, phone, firstName, lastName, imageUrl, externalId, publicMetadata } = snapshot
  const { privateMetadata, banned, deprovisioned, locked, version } = snapshot
  const texts = { email, username, phone, firstName, lastName, imageUrl, externalId }
  return {
    ...storable({ ...texts, publicMetadata, privateMetadata }),
    ...{ emailVerified: hasVerifiedAddress(snapshot), banned, deprovisioned, locked, version },
    clerkCreatedAt: dateOf(snapshot.createdAt),
  }
}
