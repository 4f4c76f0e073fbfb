import { isDeepStrictEqual } from 'node:util'
import { StoreInputError } from '../../../ground/errors.js'
import type { ApplyOutcome, Metadata, UserRecord, UserSnapshot, UserStore } from '../user.js'
import { checkText, checkTime, checkVersion } from './check-input.js'
import { settleUnique } from './unique.js'

/** A user in memory: what Clerk says, and whatever else the application put beside it. */
export interface MemoryUser extends UserRecord {
  readonly id: string
  readonly privateMetadata: Metadata | null
  readonly banned: boolean
  readonly locked: boolean
  readonly createdAt: Date | null
  readonly lastSignInAt: Date | null
  readonly lastActiveAt: Date | null
  /** Columns of the application's own. */
  readonly [column: string]: unknown
}

/** What the application may set itself. */
type LocalColumns = Partial<Omit<MemoryUser, 'id' | 'clerkId' | 'version'>>

export interface MemoryUserStore extends UserStore<MemoryUser> {
  findLinkable(email: string): Promise<MemoryUser[]>
  link(id: string, snapshot: UserSnapshot): Promise<MemoryUser | null>
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

const DAY_MS = 24 * 3600 * 1000
/** A late delivery is retried for about a day and a half; a week leaves room for an outage. */
const PURGE_AFTER_MS = 7 * DAY_MS

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Row = Mutable<MemoryUser>

/** Single-threaded: between a read and the write that rests on it nothing is awaited, which makes each method atomic. */
export function memoryUsers(unique: readonly UniqueUserColumn[]): MemoryUserStore {
  const rows = new Map<string, Row>()
  const byClerkId = new Map<string, Row>()
  let created = 0

  const copy = (row: Row): MemoryUser => structuredClone(row)

  function insert(row: Row): Row {
    rows.set(row.id, row)
    if (row.clerkId !== null) byClerkId.set(row.clerkId, row)
    return row
  }

  const nextId = () => String(++created)

  /** Writes a snapshot over a row; answers whether that changed anything. */
  function fill(row: Row, snapshot: UserSnapshot): boolean {
    const next: Row = { ...row, ...syncedFields(snapshot), clerkId: snapshot.clerkId }
    next.isActive = next.deletedAt === null && !snapshot.banned
    for (const column of settleUnique(next, rows.values(), unique, clear)) clear(next, column)
    if (isDeepStrictEqual(next, row)) return false
    Object.assign(row, next)
    return true
  }

  return {
    async findByClerkId(clerkId) {
      checkText(clerkId, 'clerkId')
      const row = byClerkId.get(clerkId)
      return row === undefined ? null : copy(row)
    },

    async apply(snapshot): Promise<{ user: MemoryUser; outcome: ApplyOutcome }> {
      checkSnapshot(snapshot)
      const known = byClerkId.get(snapshot.clerkId)
      if (known === undefined) {
        const row = emptyRow(nextId())
        fill(row, snapshot)
        return { user: copy(insert(row)), outcome: 'created' }
      }
      if (snapshot.version < known.version) return { user: copy(known), outcome: 'stale' }
      // Claims fill a row that has nothing but its id, and no other.
      const changed = snapshot.version === 0 && !isBare(known) ? false : fill(known, snapshot)
      return { user: copy(known), outcome: changed ? 'updated' : 'unchanged' }
    },

    async remove(clerkId, at) {
      checkText(clerkId, 'clerkId')
      checkTime(at, 'at')
      const row = byClerkId.get(clerkId) ?? insert({ ...emptyRow(nextId()), clerkId })
      row.deletedAt = new Date(Math.min(at, row.deletedAt?.getTime() ?? at))
      row.isActive = false
      for (const column of unique) clear(row, column)
      return copy(row)
    },

    async findLinkable(email) {
      checkText(email, 'email')
      const address = email.toLowerCase()
      return [...rows.values()]
        .filter(
          (row) => row.clerkId === null && row.deletedAt === null && row.email?.toLowerCase() === address,
        )
        .map(copy)
    },

    async link(id, snapshot) {
      checkText(id, 'id')
      checkSnapshot(snapshot)
      const row = rows.get(id)
      if (row === undefined || row.clerkId !== null || row.deletedAt !== null) return null
      // The address may have changed hands since the row was looked at.
      if (snapshot.email === null || row.email?.toLowerCase() !== snapshot.email.toLowerCase()) return null
      if (byClerkId.has(snapshot.clerkId)) return null
      fill(row, snapshot)
      return copy(insert(row))
    },

    async purge(before, now = Date.now()) {
      checkTime(before, 'before')
      if (before > now - PURGE_AFTER_MS) {
        throw new StoreInputError(
          'before must be at least 7 days ago: late events would find nothing to lose to.',
        )
      }
      const due = [...rows.values()].filter(
        ({ clerkId, deletedAt, version }) =>
          clerkId !== null &&
          deletedAt !== null &&
          deletedAt.getTime() < before &&
          version < Number.MAX_SAFE_INTEGER,
      )
      for (const row of due) Object.assign(row, NOTHING_SYNCED, { version: Number.MAX_SAFE_INTEGER })
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

function clear(row: Row, column: UniqueUserColumn): void {
  row[column] = null
  if (column === 'email') row.emailVerified = false
}

function checkSnapshot({ clerkId, version }: UserSnapshot): void {
  checkText(clerkId, 'clerkId')
  checkVersion(version)
}

const dateOf = (ms: number | null) => (ms === null ? null : new Date(ms))

const NOTHING_SYNCED = {
  email: null,
  emailVerified: false,
  username: null,
  phone: null,
  firstName: null,
  lastName: null,
  imageUrl: null,
  externalId: null,
  publicMetadata: null,
  privateMetadata: null,
  banned: false,
  locked: false,
  createdAt: null,
  lastSignInAt: null,
  lastActiveAt: null,
} as const

function emptyRow(id: string): Row {
  return { ...NOTHING_SYNCED, id, clerkId: null, isActive: true, version: 0, deletedAt: null }
}

function isBare(row: Row): boolean {
  return (
    row.version === 0 && Object.entries(NOTHING_SYNCED).every(([column, nothing]) => row[column] === nothing)
  )
}

function syncedFields(snapshot: UserSnapshot) {
  const { email, emailVerified, username, phone, firstName, lastName, imageUrl, externalId } = snapshot
  return {
    ...{ email, emailVerified, username, phone, firstName, lastName, imageUrl, externalId },
    publicMetadata: structuredClone(snapshot.publicMetadata),
    ...(snapshot.privateMetadata === undefined
      ? {}
      : { privateMetadata: structuredClone(snapshot.privateMetadata) }),
    banned: snapshot.banned,
    locked: snapshot.locked,
    createdAt: dateOf(snapshot.createdAt),
    lastSignInAt: dateOf(snapshot.lastSignInAt),
    lastActiveAt: dateOf(snapshot.lastActiveAt),
    version: snapshot.version,
  }
}
