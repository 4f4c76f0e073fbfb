import { NOT_SENT } from '../../ground/api/transport.js'
import { nameOf } from '../../ground/error-name.js'
import { ClerkApiError, StoreFaultError, StoreInputError } from '../../ground/errors.js'
import { readOnlyCopy } from '../../ground/json/read-only-copy.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { createBackoff } from '../../ground/timing/backoff.js'
import { chain, isPromise, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import { type Cached, createReadCache, type ReadCacheOptions } from '../../ground/timing/read-cache.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'
import { type InstanceProof, readCompleteListing } from '../backend-api/complete-listing.js'
import { oneOrNone } from '../backend-api/one-or-none.js'
import type { Holds } from '../changes/holds.js'
import type { Tell } from '../changes/tell.js'
import { maySignIn, narrowsUser } from '../store/rules/sign-in.js'
import type { UserActivity, UserRecord, UserSnapshot, UserStore } from '../store/user.js'
import type { SessionClaims } from '../tokens/session-claims.js'
import { createApplyUser, type UserWrites } from './apply-user.js'
import type { CanLink, ClaimsToUser } from './policy.js'
import { createUserReconcile } from './reconcile.js'
import { userSnapshotFromClaims } from './snapshot-from-claims.js'
import { createUserSync } from './sync.js'
import type { ClerkUsers } from './users.js'

/** What a verified user id means locally. */
export type UserResolution<U extends UserRecord = UserRecord> =
  | { readonly kind: 'user'; readonly user: Readonly<U> }
  | { readonly kind: 'none'; readonly reason: 'user-not-provisioned' | 'user-inactive' }
  | {
      readonly kind: 'unavailable'
      readonly reason: 'store-unavailable' | 'store-fault' | 'clerk-unavailable'
      readonly retryAfterSeconds: number
    }

export interface UserDirectory<U extends UserRecord = UserRecord> extends UserWrites<U> {
  /** Without what other processes have to be told of. */
  readonly users: Omit<ClerkUsers<U>, 'forget' | 'migrate'>
  /** The local user, provisioned when there is none. Never rejects; without a promise where the cache knows. */
  resolve(clerkId: string, claims: SessionClaims | null): MaybePromise<UserResolution<U>>
  /** Whether the user lost the right to sign in by what no row that was read here knows of. */
  isHeld(clerkId: string): boolean
  /** The cached row. */
  cached(clerkId: string): Cached<{ readonly row: Readonly<U> | null }> | undefined
  /** `null`: the store cannot. @throws {StoreUnavailableError} */
  readonly touch: ((clerkId: string, activity: UserActivity) => Promise<void>) | null
  /** Drops the cached row; a read that is under way will not be cached. */
  drop(clerkId: string): void
  dropAll(): void
}

/** A row found or made, or why there is none. Only rows are cached. */
interface Loaded<U extends UserRecord> {
  readonly row: Readonly<U> | null
  readonly resolution: UserResolution<U>
}

const NOT_PROVISIONED = { kind: 'none', reason: 'user-not-provisioned' } as const
const INACTIVE = { kind: 'none', reason: 'user-inactive' } as const
const STORE_DOWN = {
  kind: 'unavailable',
  reason: 'store-unavailable',
  retryAfterSeconds: 5,
} as const
/** It takes a person to mend it: asking sooner only costs the database. */
const STORE_FAULT = { kind: 'unavailable', reason: 'store-fault', retryAfterSeconds: 60 } as const
const CLERK_DOWN = { kind: 'unavailable', reason: 'clerk-unavailable', retryAfterSeconds: 1 } as const
const REFUSES_THE_USER: ReadonlySet<number> = new Set([400, 404, 422])

/** Local users by Clerk id, cached in this process. */
export function createUserDirectory<U extends UserRecord>(parts: {
  readonly store: UserStore<U>
  readonly options: Pick<
    ResolvedOptions,
    'provisioning' | 'linking' | 'privateMetadata' | 'cache' | 'storeTimeoutSeconds' | 'now'
  >
  readonly api: Pick<ClerkApi, 'getUser' | 'listUsers'>
  /** One that waits for its turn: of syncs and reconciliations. */
  readonly patientApi: Pick<ClerkApi, 'eachUser' | 'listUsers' | 'countUsers'>
  readonly observer: Observer
  readonly proof: () => Promise<InstanceProof>
  readonly tell: Tell
  readonly canLink: CanLink<U> | undefined
  readonly claimsToUser: ClaimsToUser | undefined
  readonly holds: Holds
  /** See {@link ReadCacheOptions.dropped}. */
  readonly dropped?: () => void
}): UserDirectory<U> {
  const { store, options, api, patientApi, observer, proof, tell, canLink, claimsToUser, holds, dropped } =
    parts
  const { provisioning, linking, privateMetadata, now } = options
  const cache = createReadCache<Loaded<U>>({
    max: options.cache.users,
    ttlSeconds: options.cache.userTtlSeconds,
    now,
    mayCache: ({ row }) => row !== null,
    ...(dropped && { dropped }),
  })
  const backoff = createBackoff<UserResolution<U>>({ baseSeconds: 1, maxSeconds: 60, now })
  const { apply, applyMany, candidate } = createApplyUser({
    store,
    linking,
    canLink,
    observer,
    timeoutSeconds: options.storeTimeoutSeconds,
  })

  /** Only what came from a row: everything else is read again. What one request did to it, the next one would see. */
  const loaded = (found: Readonly<U>): Loaded<U> => {
    const row = readOnlyCopy(found)
    return {
      row,
      resolution: maySignIn(row) ? { kind: 'user', user: row } : INACTIVE,
    }
  }

  async function read(clerkId: string): Promise<Loaded<U>> {
    const row = await store.findByClerkId(clerkId)
    return row === null ? { row, resolution: NOT_PROVISIONED } : loaded(row)
  }

  async function readOrProvision(clerkId: string, claims: SessionClaims | null): Promise<Loaded<U>> {
    const found = await read(clerkId)
    return found.row === null ? provision(clerkId, claims) : found
  }

  async function provision(clerkId: string, claims: SessionClaims | null): Promise<Loaded<U>> {
    if (provisioning === 'off' || (provisioning === 'claims' && claims === null)) {
      return { row: null, resolution: NOT_PROVISIONED }
    }
    const waiting = backoff.waiting(clerkId)
    if (waiting !== null) {
      const { value, retryAfterSeconds } = waiting
      return {
        row: null,
        resolution: value.kind === 'unavailable' ? { ...value, retryAfterSeconds } : value,
      }
    }
    const made = provisioning === 'claims' && claims !== null ? fromClaims(claims) : await fromClerk(clerkId)
    if ('kind' in made) return { row: null, resolution: made }
    backoff.succeeded(clerkId)
    const { user } = await apply(made, provisioning)
    return loaded(user)
  }

  /** A failure of the application's own `claimsToUser` is observed, and no half-read user is stored. */
  function fromClaims(claims: SessionClaims): UserSnapshot | UserResolution<U> {
    try {
      return userSnapshotFromClaims(claims, claimsToUser)
    } catch (error) {
      const event = { userId: claims.sub, step: 'claims-to-user', error: nameOf(error) } as const
      observer.emit('user.error', event, { error, data: [claims] })
      return NOT_PROVISIONED
    }
  }

  async function fromClerk(clerkId: string): Promise<UserSnapshot | UserResolution<U>> {
    try {
      return await api.getUser(clerkId, { privateMetadata })
    } catch (error) {
      const refusal = error instanceof ClerkApiError ? error : null
      // Clerk refused this user; any other status, 401 for a wrong key among them, says nothing about the user.
      if (refusal !== null && REFUSES_THE_USER.has(refusal.status)) {
        backoff.failed(clerkId, NOT_PROVISIONED)
        return NOT_PROVISIONED
      }
      // Not sent: it costs Clerk nothing to try again, and whoever was turned away must not wait longer each time.
      if (refusal?.codes.includes(NOT_SENT)) {
        return { ...CLERK_DOWN, retryAfterSeconds: refusal.retryAfterSeconds ?? 1 }
      }
      const retryAfterSeconds = backoff.failed(clerkId, CLERK_DOWN, refusal?.retryAfterSeconds)
      return { ...CLERK_DOWN, retryAfterSeconds }
    }
  }

  /** A store that cannot be reached never means "no such user". */
  const failed = (error: unknown): UserResolution<U> =>
    error instanceof StoreInputError
      ? NOT_PROVISIONED
      : error instanceof StoreFaultError
        ? STORE_FAULT
        : STORE_DOWN

  function resolve(
    clerkId: string,
    claims: SessionClaims | null,
    again = true,
  ): MaybePromise<UserResolution<U>> {
    const cached = cache.cached(clerkId)
    if (cached !== undefined) {
      if (observer.wants('cache.hit')) observer.emit('cache.hit', { cache: 'user' })
      return allowed(clerkId, cached.value)
    }
    if (observer.wants('cache.miss')) observer.emit('cache.miss', { cache: 'user' })
    let readHere = false
    const flight = cache.load(clerkId, () => {
      readHere = true
      return readOrProvision(clerkId, claims)
    })
    if (!isPromise(flight)) return allowed(clerkId, flight)
    return flight.then(
      // The read of another caller may have been a plain `get`, or one without claims: read once more with these claims.
      (loaded) =>
        loaded.row === null && !readHere && again && loaded.resolution.kind === 'none'
          ? resolve(clerkId, claims, false)
          : allowed(clerkId, loaded),
      failed,
    )
  }

  /** A ban whose row is not written, or not read yet, counts as if it were. */
  function allowed(clerkId: string, { row, resolution }: Loaded<U>): UserResolution<U> {
    if (holds.size === 0 || resolution.kind !== 'user') return resolution
    return holds.take(clerkId, row) === null ? resolution : INACTIVE
  }

  async function changing<T>(clerkIds: readonly string[], change: () => Promise<T>): Promise<T> {
    try {
      return await change()
    } finally {
      // Also after a failure: it is not known whether it was written.
      for (const clerkId of clerkIds) directory.drop(clerkId)
    }
  }

  const bulk = { store, api: patientApi, proof, tell, now, privateMetadata }
  const directory: UserDirectory<U> = {
    resolve: (clerkId, claims) => resolve(clerkId, claims),
    isHeld: (clerkId) => holds.of(clerkId, null) !== null,
    cached: cache.cached,
    applySnapshot: (snapshot, by) => changing([snapshot.clerkId], () => apply(snapshot, by)),
    applyMany: (snapshots, by) =>
      changing(
        snapshots.map(({ clerkId }) => clerkId),
        () => applyMany(snapshots, by),
      ),
    linkCandidate: candidate,
    remove: (clerkId, at) => changing([clerkId], () => store.remove(clerkId, at)),
    touch: store.touch
      ? (clerkId, activity) => changing([clerkId], async () => store.touch?.(clerkId, activity))
      : null,
    drop(clerkId) {
      cache.drop(clerkId)
      backoff.succeeded(clerkId)
    },
    dropAll() {
      cache.dropAll()
      backoff.clear()
    },
    users: {
      sync: (settings) => createUserSync({ ...bulk, directory })(settings),
      reconcile: (settings) => createUserReconcile({ ...bulk, directory })(settings),
      get: async (clerkId) =>
        chain(
          cache.load(clerkId, () => read(clerkId)),
          ({ row }) => row,
        ),
      async refresh(clerkId, settings) {
        let user: U | null = null
        let changed = false
        try {
          const listing = await readCompleteListing(
            {
              async ours() {
                user = await store.findByClerkId(clerkId)
                return user === null || user.deletedAt !== null ? [] : [clerkId]
              },
              each: () => oneOrNone(() => api.getUser(clerkId, { privateMetadata })),
              find: ([id = clerkId]) => api.listUsers({ userId: [id] }, { privateMetadata }),
              async apply(snapshot) {
                const { version } = snapshot
                if (narrowsUser(snapshot))
                  await tell('user.forgotten', clerkId, { subject: clerkId, version })
                const applied = await directory.applySnapshot(snapshot, 'api')
                user = applied.user
                changed ||= applied.outcome === 'created' || applied.outcome === 'updated'
              },
              async remove(id, at) {
                await tell('user.ended', id)
                user = await directory.remove(id, at)
                changed = true
              },
            },
            { ...settings, proof, now },
          )
          return { user, listings: { user: listing } }
        } finally {
          if (changed) await tell('user.forgotten', clerkId)
        }
      },
    },
  }
  return directory
}
