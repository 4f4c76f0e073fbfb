import { isClerkId } from '../../ground/api/clerk-id.js'
import { readOnlyCopy } from '../../ground/json/read-only-copy.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import {
  type Cached,
  createReadCache,
  type ReadCache,
  type ReadCacheOptions,
} from '../../ground/timing/read-cache.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'
import type { InstanceProof } from '../backend-api/complete-listing.js'
import { type Hold, type Holds, membershipSubject } from '../changes/holds.js'
import type { Tell } from '../changes/tell.js'
import type {
  InvitationSnapshot,
  MembershipRecord,
  MembershipReference,
  MembershipSnapshot,
  OrganizationRecord,
  OrganizationSnapshot,
  OrganizationStore,
  RoleRecord,
  RoleSnapshot,
} from '../store/organization.js'
import type { ApplyOutcome } from '../store/user.js'
import type { ClerkOrganizations } from './organizations.js'
import { createOrganizationReconcile } from './reconcile.js'
import { createOrganizationRefresh, type ReadsOfRefresh } from './refresh.js'
import { createOrganizationSync } from './sync.js'

export interface OrganizationDirectory<
  M extends MembershipRecord = MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
> {
  /** Without what other processes have to be told of. */
  readonly organizations: Omit<ClerkOrganizations<M, O>, 'forget'>
  /**
   * The newest membership, live or deleted; `null` when there is none (cached as well). Without a promise where the
   * cache knows. @throws {StoreUnavailableError}
   */
  membership(orgId: string, userId: string): MaybePromise<Readonly<M> | null>
  /**
   * When a right that the membership gives was taken away, where its row does not know of it yet; milliseconds. `null`: its
   * row knows all. @param row what {@link membership} answered
   */
  heldSince(orgId: string, userId: string, row: MembershipRecord | null): number | null
  /**
   * As {@link heldSince}, where no row can be read. @param role what the membership had, as far as is known
   * @param readAt when its row was read last, in milliseconds: what the log had of the role by then, the row knew
   */
  heldUnread(orgId: string, userId: string, role: string | null, readAt: number): number | null
  /** Whether the organisation was deleted and its row does not know of it yet. */
  isHeld(orgId: string, row: OrganizationRecord | null): boolean
  /** The cached membership. */
  cached(orgId: string, userId: string): Cached<{ readonly row: Readonly<M> | null }> | undefined
  /** The organisation's row, live or deleted, as {@link membership}. @throws {StoreUnavailableError} */
  organization(orgId: string): MaybePromise<Readonly<O> | null>
  /** The cached row of the organisation. */
  cachedOrganization(orgId: string): Cached<{ readonly row: Readonly<O> | null }> | undefined

  applyOrganization(snapshot: OrganizationSnapshot): ReturnType<OrganizationStore<O, M>['applyOrganization']>
  /** @param at milliseconds */
  removeOrganization(orgId: string, at: number): Promise<O>
  applyMembership(snapshot: MembershipSnapshot): ReturnType<OrganizationStore<O, M>['applyMembership']>
  /** @param at milliseconds */
  removeMembership(membership: MembershipReference, at: number): Promise<M>
  applyInvitation(snapshot: InvitationSnapshot): ReturnType<OrganizationStore<O, M>['applyInvitation']>

  /** `null`: the store has no roles. */
  applyRole(snapshot: RoleSnapshot): Promise<{ role: RoleRecord; outcome: ApplyOutcome } | null>
  /** `null`: the store has no roles. @param at milliseconds */
  removeRole(roleId: string, at: number): Promise<RoleRecord | null>

  /** The organisation's row too: the event of a membership may have brought it. */
  dropMembership(orgId: string, userId: string): void
  dropOrganization(orgId: string): void
  dropUser(userId: string): void
  dropAll(): void
}

/** Local organisations and memberships by Clerk id; what requests need of them is cached in this process. */
export function createOrganizationDirectory<M extends MembershipRecord, O extends OrganizationRecord>(parts: {
  readonly store: OrganizationStore<O, M>
  readonly options: Pick<ResolvedOptions, 'privateMetadata' | 'cache' | 'now'>
  readonly api: ReadsOfRefresh
  /** One that waits for its turn: of syncs and reconciliations. */
  readonly patientApi: ReadsOfRefresh & Pick<ClerkApi, 'eachOrganization' | 'eachInstanceMembership'>
  readonly observer: Observer
  readonly proof: () => Promise<InstanceProof>
  readonly tell: Tell
  readonly holds: Holds
  /** See {@link ReadCacheOptions.dropped}. */
  readonly dropped?: () => void
}): OrganizationDirectory<M, O> {
  const { store, options, api, patientApi, observer, proof, tell, holds, dropped } = parts
  const keyOf = (orgId: string, userId: string) => `${orgId} ${userId}`
  const settings = {
    max: options.cache.users,
    ttlSeconds: options.cache.organizationTtlSeconds,
    now: options.now,
    mayCache: () => true,
    ...(dropped && { dropped }),
  }
  const cache = createReadCache<{ readonly row: Readonly<M> | null }>(settings)
  // One read per organisation, not one per member.
  const rows = createReadCache<{ readonly row: Readonly<O> | null }>(settings)

  /** What is cached under this key, else what is read; observed as the named cache. */
  function read<R>(
    name: 'membership' | 'organization',
    from: ReadCache<{ readonly row: R | null }>,
    key: string,
    find: () => Promise<R | null>,
  ): MaybePromise<R | null> {
    const cached = from.cached(key)
    if (cached !== undefined) {
      if (observer.wants('cache.hit')) observer.emit('cache.hit', { cache: name })
      return cached.value.row
    }
    if (observer.wants('cache.miss')) observer.emit('cache.miss', { cache: name })
    return chain(
      from.load(key, async () => ({ row: readOnlyCopy(await find()) })),
      ({ row }) => row,
    )
  }

  /** Also after a failure: it is not known whether it was written. */
  async function changing<T>(drop: () => void, change: () => Promise<T>): Promise<T> {
    try {
      return await change()
    } finally {
      drop()
    }
  }

  const directory: OrganizationDirectory<M, O> = {
    membership(orgId, userId) {
      // The organisation may be a request header: what is no id is in no store, and must not look like another key.
      if (!isClerkId(orgId)) return null
      return read<Readonly<M>>('membership', cache, keyOf(orgId, userId), () =>
        store.findMembership(orgId, userId),
      )
    },
    heldSince(orgId, userId, row) {
      if (holds.size === 0) return null
      const role = row?.role ?? null
      const since = latestOf([
        holds.take(membershipSubject(orgId, userId), row),
        row === null ? null : holds.take(row.clerkId, row),
        // The row of a membership says of its organisation only that it is deleted, of its role when it last changed.
        holds.of(orgId, row),
        // A store without roles never reads of the change.
        role === null || row === null || store.applyRole === undefined ? null : holds.of(role, asOfRole(row)),
      ])
      // It may be written at any moment: the next request reads again.
      if (since !== null) cache.drop(keyOf(orgId, userId))
      return since
    },
    heldUnread(orgId, userId, role, readAt) {
      const ofRole = role === null || store.applyRole === undefined ? null : holds.of(role, null)
      return latestOf([
        holds.of(membershipSubject(orgId, userId), null),
        holds.of(orgId, null),
        ofRole !== null && ofRole.at >= readAt ? ofRole : null,
      ])
    },
    isHeld: (orgId, row) => holds.size > 0 && holds.take(orgId, row) !== null,
    cached: (orgId, userId) => cache.cached(keyOf(orgId, userId)),
    organization(orgId) {
      if (!isClerkId(orgId)) return null
      return read<Readonly<O>>('organization', rows, orgId, () => store.findOrganization(orgId))
    },
    cachedOrganization: rows.cached,

    applyOrganization: (snapshot) =>
      changing(
        () => directory.dropOrganization(snapshot.clerkId),
        () => store.applyOrganization(snapshot),
      ),
    removeOrganization: (orgId, at) =>
      changing(
        () => directory.dropOrganization(orgId),
        () => store.removeOrganization(orgId, at),
      ),
    applyMembership: (snapshot) =>
      changing(
        () => directory.dropMembership(snapshot.orgId, snapshot.userId),
        () => store.applyMembership(snapshot),
      ),
    removeMembership: (membership, at) =>
      changing(
        () =>
          'orgId' in membership
            ? directory.dropMembership(membership.orgId, membership.userId)
            : directory.dropAll(),
        () => store.removeMembership(membership, at),
      ),
    applyInvitation: (snapshot) => store.applyInvitation(snapshot),
    // Which memberships have the role is the store's to know.
    applyRole: (snapshot) =>
      changing(
        () => directory.dropAll(),
        async () => (await store.applyRole?.(snapshot)) ?? null,
      ),
    removeRole: (roleId, at) =>
      changing(
        () => directory.dropAll(),
        async () => (await store.removeRole?.(roleId, at)) ?? null,
      ),

    dropMembership(orgId, userId) {
      cache.drop(keyOf(orgId, userId))
      rows.drop(orgId)
    },
    dropOrganization(orgId) {
      cache.dropWhere((key) => key.startsWith(`${orgId} `))
      rows.drop(orgId)
    },
    dropUser: (userId) => cache.dropWhere((key) => key.endsWith(` ${userId}`)),
    dropAll() {
      cache.dropAll()
      rows.dropAll()
    },

    organizations: {
      get: (orgId) => store.findOrganization(orgId),
      getMembership: async (orgId, userId) => directory.membership(orgId, userId),
      listMemberships: (userId) => store.listMemberships({ userId }),
      refresh: (orgId, settings) => refreshing.refresh(orgId, settings),
      refreshRoles: (settings) => refreshing.refreshRoles(settings),
      sync: (settings) => createOrganizationSync({ ...bulk, directory })(settings),
      reconcile: (settings) => createOrganizationReconcile({ ...bulk, directory })(settings),
    },
  }
  const { now, privateMetadata } = options
  const bulk = { store, api: patientApi, proof, tell, now, privateMetadata }
  const refreshing = createOrganizationRefresh({ ...bulk, api, writes: directory })
  return directory
}

/** Milliseconds. */
function latestOf(found: readonly (Hold | null)[]): number | null {
  const times = found.flatMap((hold) => (hold === null ? [] : [Math.max(hold.version, hold.at)]))
  return times.length === 0 ? null : Math.max(...times)
}

/** What a membership knows of its role: its permissions are of the newer of both. */
function asOfRole({ version, permissionsVersion = 0, deletedAt }: MembershipRecord) {
  return { version: Math.max(version, permissionsVersion), deletedAt }
}
