import { isClerkId } from '../../ground/api/clerk-id.js'
import { ClerkApiError } from '../../ground/errors.js'
import { readOnlyCopy } from '../../ground/json/read-only-copy.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import { type Cached, createReadCache } from '../../ground/timing/read-cache.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'
import { type Holds, membershipSubject } from '../changes/holds.js'
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

export interface OrganizationDirectory<M extends MembershipRecord = MembershipRecord> {
  /** Without what other processes have to be told of. */
  readonly organizations: Omit<ClerkOrganizations<M>, 'forget'>
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
  /** Whether the organisation was deleted and its row does not know of it yet. */
  isHeld(orgId: string, row: OrganizationRecord | null): boolean
  /** The cached membership. */
  cached(orgId: string, userId: string): Cached<{ readonly row: Readonly<M> | null }> | undefined

  applyOrganization(
    snapshot: OrganizationSnapshot,
  ): ReturnType<OrganizationStore<OrganizationRecord, M>['applyOrganization']>
  /** @param at milliseconds */
  removeOrganization(orgId: string, at: number): Promise<OrganizationRecord>
  applyMembership(
    snapshot: MembershipSnapshot,
  ): ReturnType<OrganizationStore<OrganizationRecord, M>['applyMembership']>
  /** @param at milliseconds */
  removeMembership(membership: MembershipReference, at: number): Promise<M>
  applyInvitation(
    snapshot: InvitationSnapshot,
  ): ReturnType<OrganizationStore<OrganizationRecord, M>['applyInvitation']>

  /** `null`: the store has no roles. */
  applyRole(snapshot: RoleSnapshot): Promise<{ role: RoleRecord; outcome: ApplyOutcome } | null>
  /** `null`: the store has no roles. @param at milliseconds */
  removeRole(roleId: string, at: number): Promise<RoleRecord | null>

  dropMembership(orgId: string, userId: string): void
  dropOrganization(orgId: string): void
  dropUser(userId: string): void
  dropAll(): void
}

/** Local organisations and memberships by Clerk id; memberships are cached in this process. */
export function createOrganizationDirectory<M extends MembershipRecord>(parts: {
  readonly store: OrganizationStore<OrganizationRecord, M>
  readonly options: Pick<ResolvedOptions, 'privateMetadata' | 'cache' | 'now'>
  readonly api: Pick<ClerkApi, 'getOrganization' | 'eachMembership'>
  readonly observer: Observer
  readonly holds: Holds
  /** Tells every process that the organisation or its memberships were changed, after they were. */
  readonly changed: (orgId: string) => Promise<void>
}): OrganizationDirectory<M> {
  const { store, options, api, observer, holds, changed } = parts
  const keyOf = (orgId: string, userId: string) => `${orgId} ${userId}`
  const cache = createReadCache<{ readonly row: Readonly<M> | null }>({
    max: options.cache.users,
    ttlSeconds: options.cache.organizationTtlSeconds,
    now: options.now,
    mayCache: () => true,
  })

  /** Also after a failure: it is not known whether it was written. */
  async function changing<T>(drop: () => void, change: () => Promise<T>): Promise<T> {
    try {
      return await change()
    } finally {
      drop()
    }
  }

  const directory: OrganizationDirectory<M> = {
    membership(orgId, userId) {
      // The organisation may be a request header: what is no id is in no store, and must not look like another key.
      if (!isClerkId(orgId)) return null
      const key = keyOf(orgId, userId)
      const cached = cache.cached(key)
      if (cached !== undefined) {
        if (observer.wants('cache.hit')) observer.emit('cache.hit', { cache: 'membership' })
        return cached.value.row
      }
      if (observer.wants('cache.miss')) observer.emit('cache.miss', { cache: 'membership' })
      return chain(
        cache.load(key, async () => ({ row: readOnlyCopy(await store.findMembership(orgId, userId)) })),
        ({ row }) => row,
      )
    },
    heldSince(orgId, userId, row) {
      if (holds.size === 0) return null
      const role = row?.role ?? null
      const found = [
        holds.take(membershipSubject(orgId, userId), row),
        row === null ? null : holds.take(row.clerkId, row),
        // The row of a membership says of its organisation only that it is deleted, of its role when it last changed.
        holds.of(orgId, row),
        // A store without roles never reads of the change.
        role === null || row === null || store.applyRole === undefined ? null : holds.of(role, asOfRole(row)),
      ].flatMap((hold) => (hold === null ? [] : [Math.max(hold.version, hold.at)]))
      return found.length === 0 ? null : Math.max(...found)
    },
    isHeld: (orgId, row) => holds.size > 0 && holds.take(orgId, row) !== null,
    cached: (orgId, userId) => cache.cached(keyOf(orgId, userId)),

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

    dropMembership: (orgId, userId) => cache.drop(keyOf(orgId, userId)),
    dropOrganization: (orgId) => cache.dropWhere((key) => key.startsWith(`${orgId} `)),
    dropUser: (userId) => cache.dropWhere((key) => key.endsWith(` ${userId}`)),
    dropAll: () => cache.dropAll(),

    organizations: {
      get: (orgId) => store.findOrganization(orgId),
      getMembership: async (orgId, userId) => directory.membership(orgId, userId),
      listMemberships: (userId) => store.listMemberships({ userId }),
      async refresh(orgId) {
        try {
          const snapshot = await api.getOrganization(orgId, { privateMetadata: options.privateMetadata })
          // Clerk takes slugs as well; a slug may have moved to another organisation, an id never does.
          if (snapshot.clerkId !== orgId) return null
          const { organization } = await directory.applyOrganization(snapshot)
          for await (const membership of api.eachMembership(orgId)) {
            await directory.applyMembership(membership)
          }
          await changed(orgId)
          return organization
        } catch (error) {
          if (error instanceof ClerkApiError && error.status === 404) return null
          throw error
        }
      },
    },
  }
  return directory
}

/** What a membership knows of its role: its permissions are of the newer of both. */
function asOfRole({ version, permissionsVersion = 0, deletedAt }: MembershipRecord) {
  return { version: Math.max(version, permissionsVersion), deletedAt }
}
