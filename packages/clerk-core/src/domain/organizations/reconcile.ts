import { StoppedError } from '../../ground/timing/until-aborted.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'
import type { InstanceProof } from '../backend-api/complete-listing.js'
import { differingFields, type MutableDriftCounts, NO_DRIFT, reconcileListing } from '../backend-api/drift.js'
import { refuseOtherInstance } from '../backend-api/whose-key.js'
import type { Tell } from '../changes/tell.js'
import { everyRow } from '../store/every-row.js'
import type {
  MembershipRecord,
  MembershipSnapshot,
  OrganizationRecord,
  OrganizationStore,
  RoleRecord,
} from '../store/organization.js'
import { MAX_BATCH } from '../store/rules/batch.js'
import type { OrganizationReconciliation, ReconcileOrganizationsOptions } from './bulk.js'
import { membershipFields, organizationFields, roleFields } from './differing.js'
import { type ListingParts, membershipListing, roleListing } from './listings.js'
import { endedOrganization } from './narrowing.js'
import { NOTHING_UNSTORED } from './sync.js'

/** `clerk.organizations.reconcile`: all rows beside complete listings of Clerk's. */
export function createOrganizationReconcile<M extends MembershipRecord, O extends OrganizationRecord>(parts: {
  readonly store: OrganizationStore<O, M>
  readonly directory: ListingParts['writes'] &
    Pick<OrganizationStore<O, M>, 'applyOrganization' | 'removeOrganization'>
  /** One that waits for its turn. */
  readonly api: ListingParts['api'] & Pick<ClerkApi, 'eachOrganization' | 'listOrganizations'>
  readonly proof: () => Promise<InstanceProof>
  readonly tell: Tell
  /** Milliseconds. */
  readonly now: () => number
  readonly privateMetadata: boolean
}): (options?: ReconcileOrganizationsOptions) => Promise<OrganizationReconciliation> {
  const { store, directory, api, proof, tell, now, privateMetadata } = parts
  const listingParts: ListingParts = { store, writes: directory, api, tell }

  return async (options = {}) => {
    const counts = { organizations: { ...NO_DRIFT }, memberships: { ...NO_DRIFT }, roles: { ...NO_DRIFT } }
    let done = 0
    const compared = async (count: number) => {
      done += count
      await options.onProgress?.({ done, total: null })
    }
    try {
      await refuseOtherInstance(proof, { allowUnproven: false, signal: options.signal })
      await reconcile({ ...options, now, compared }, counts)
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error
      return { ...counts, complete: false }
    }
    return { ...counts, complete: true }
  }

  async function reconcile(
    settings: ReconcileOrganizationsOptions & {
      readonly now: () => number
      readonly compared: (count: number) => Promise<void>
    },
    counts: Record<'organizations' | 'memberships' | 'roles', MutableDriftCounts>,
  ): Promise<void> {
    const unstored = (await store.unstored?.()) ?? NOTHING_UNSTORED
    const atClerk: string[] = []
    const read = { privateMetadata }
    await reconcileListing(
      {
        kind: 'organization',
        ours: async () => {
          const ids: string[] = []
          for await (const row of everyRow(store.listOrganizations, 'organizations'))
            if (row.deletedAt === null) ids.push(row.clerkId)
          return ids
        },
        async *each() {
          for await (const organization of api.eachOrganization(read)) {
            atClerk.push(organization.clerkId)
            yield organization
          }
        },
        find: (organizationId) => api.listOrganizations({ organizationId }, { ...read, limit: MAX_BATCH }),
        async rowsOf(snapshots) {
          const rows: O[] = []
          for (const { clerkId } of snapshots) {
            const row = await store.findOrganization(clerkId)
            if (row !== null) rows.push(row)
          }
          return rows
        },
        differing: (row, snapshot) =>
          differingFields(row, organizationFields(snapshot), unstored.organizations),
        async apply(snapshot) {
          const { organization, outcome } = await directory.applyOrganization(snapshot)
          if (outcome === 'updated' || outcome === 'created')
            await tell('organization.forgotten', snapshot.clerkId)
          return organization
        },
        async remove(id, at) {
          await tell('organization.forgotten', id, endedOrganization(id, at))
          await directory.removeOrganization(id, at)
          await tell('organization.forgotten', id)
        },
      },
      counts.organizations,
      settings,
    )
    if (settings.memberships !== true) return
    await reconcileRoles()
    for (const orgId of atClerk) await reconcileMembers(orgId)

    async function reconcileRoles(): Promise<void> {
      const listing = roleListing(listingParts)
      if (listing === null) return
      await reconcileListing(
        {
          ...listing,
          kind: 'role',
          rowsOf: async (snapshots) => snapshots.flatMap(({ clerkId }) => listing.known(clerkId) ?? []),
          differing: (row, snapshot) => differingFields(row, roleFields(snapshot), unstored.roles),
          async apply(snapshot): Promise<RoleRecord> {
            const applied = await listing.apply(snapshot)
            await tell('role.forgotten', snapshot.clerkId)
            return applied?.role as RoleRecord
          },
          async remove(id, at) {
            await listing.remove(id, at)
            await tell('role.forgotten', id)
          },
        },
        counts.roles,
        settings,
      )
    }

    async function reconcileMembers(orgId: string): Promise<void> {
      const listing = membershipListing(listingParts, orgId)
      const users = new Map<string, string>()
      await reconcileListing<MembershipSnapshot, MembershipRecord>(
        {
          ...listing,
          kind: 'membership',
          async rowsOf(snapshots) {
            const rows: MembershipRecord[] = []
            for (const { clerkId, userId } of snapshots) {
              users.set(clerkId, userId)
              // The list has no deleted ones.
              const row = listing.known(clerkId) ?? (await store.findMembership(orgId, userId))
              if (row?.clerkId === clerkId) rows.push(row)
            }
            return rows
          },
          differing: (row, snapshot) =>
            differingFields(row, membershipFields(snapshot, row), unstored.memberships),
          async apply(snapshot) {
            const { membership } = await listing.apply(snapshot)
            await tell('organization.forgotten', orgId)
            // As it counts: with what its role gives.
            const row = await store.findMembership(orgId, snapshot.userId)
            return row?.clerkId === snapshot.clerkId ? row : membership
          },
          async remove(id, at) {
            await listing.remove(id, at)
            await tell('organization.forgotten', orgId)
          },
          member(id) {
            const userId = users.get(id) ?? listing.known(id)?.userId
            return userId === undefined ? undefined : { orgId, userId }
          },
        },
        counts.memberships,
        settings,
      )
    }
  }
}
