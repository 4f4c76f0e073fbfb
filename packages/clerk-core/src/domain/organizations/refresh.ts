import type { ClerkApi } from '../backend-api/clerk-api.js'
import {
  type CompleteListing,
  type InstanceProof,
  type ListingResult,
  NOTHING_MISSING,
  type RefreshOptions,
  readCompleteListing,
} from '../backend-api/complete-listing.js'
import { oneOrNone } from '../backend-api/one-or-none.js'
import type { OwnChange, Tell } from '../changes/tell.js'
import type {
  MembershipRecord,
  OrganizationRecord,
  OrganizationSnapshot,
  OrganizationStore,
  RoleSnapshot,
} from '../store/organization.js'
import type { ApplyOutcome } from '../store/user.js'
import { type ListingParts, membershipListing, roleListing } from './listings.js'
import { endedOrganization } from './narrowing.js'
import type { OrganizationRefresh } from './organizations.js'

/** The directory's, which drop what is cached of it. */
type Writes<O extends OrganizationRecord> = ListingParts['writes'] &
  Pick<OrganizationStore<O, MembershipRecord>, 'applyOrganization' | 'removeOrganization' | 'applyInvitation'>

export type ReadsOfRefresh = ListingParts['api'] &
  Pick<ClerkApi, 'getOrganization' | 'listOrganizations' | 'eachInvitation'>

/** `clerk.organizations.refresh` and `refreshRoles`: complete listings of Clerk's beside our rows. */
export function createOrganizationRefresh<O extends OrganizationRecord>(parts: {
  readonly store: ListingParts['store'] & Pick<OrganizationStore<O, MembershipRecord>, 'findOrganization'>
  readonly writes: Writes<O>
  readonly api: ReadsOfRefresh
  readonly proof: () => Promise<InstanceProof>
  readonly tell: Tell
  readonly now: () => number
  readonly privateMetadata: boolean
}) {
  const { store, writes, api, proof, tell, now, privateMetadata } = parts

  /** Reads a listing; what it changed is told whatever comes after, each thing once. */
  async function telling<T>(
    change: OwnChange,
    read: (changed: (id: string, outcome?: ApplyOutcome) => void) => Promise<T>,
  ): Promise<T> {
    const ids = new Set<string>()
    try {
      return await read((id, outcome = 'updated') => {
        if (outcome === 'created' || outcome === 'updated') ids.add(id)
      })
    } finally {
      for (const id of ids) await tell(change, id)
    }
  }

  const refresh = (orgId: string, options?: RefreshOptions): Promise<OrganizationRefresh<O>> =>
    telling('organization.forgotten', async (changed) => {
      const settings = { ...options, proof, now }
      let row: O | null = null
      let isAtClerk = false
      const itself: CompleteListing<OrganizationSnapshot> = {
        async ours() {
          row = await store.findOrganization(orgId)
          return row === null || row.deletedAt !== null ? [] : [orgId]
        },
        // Clerk takes slugs as well; a slug may have moved to another organisation, an id never does.
        each: () =>
          onlyOf(
            orgId,
            oneOrNone(() => api.getOrganization(orgId, { privateMetadata })),
          ),
        find: (ids) => api.listOrganizations({ organizationId: ids }, { privateMetadata }),
        async apply(snapshot) {
          const { organization, outcome } = await writes.applyOrganization(snapshot)
          row = organization
          isAtClerk = true
          changed(orgId, outcome)
        },
        async remove(id, at) {
          await tell('organization.forgotten', id, endedOrganization(id, at))
          row = await writes.removeOrganization(id, at)
          changed(orgId)
        },
      }
      const organization = await readCompleteListing(itself, settings)
      const listings = { organization, memberships: NOTHING_MISSING, roles: NOTHING_MISSING }
      if (!isAtClerk) return { organization: row, listings }
      const memberships = await refreshMemberships(orgId, options, changed)
      for await (const invitation of api.eachInvitation(orgId)) await writes.applyInvitation(invitation)
      return { organization: row, listings: { ...listings, memberships, roles: await refreshRoles(options) } }
    })

  async function refreshMemberships(
    orgId: string,
    options: RefreshOptions | undefined,
    changed: (id: string, outcome?: ApplyOutcome) => void,
  ): Promise<ListingResult> {
    const listing = membershipListing(parts, orgId)
    return readCompleteListing(
      {
        ...listing,
        apply: async (snapshot) => changed(orgId, (await listing.apply(snapshot)).outcome),
        async remove(clerkId, at) {
          await listing.remove(clerkId, at)
          changed(orgId)
        },
      },
      { ...options, proof, now },
    )
  }

  /** Nothing where the store has no roles. */
  async function refreshRoles(options?: RefreshOptions): Promise<ListingResult> {
    const listing = roleListing(parts)
    if (listing === null) return NOTHING_MISSING
    return telling('role.forgotten', (changed) =>
      readCompleteListing<RoleSnapshot>(
        {
          ...listing,
          apply: async (snapshot) =>
            changed(snapshot.clerkId, (await listing.apply(snapshot))?.outcome ?? 'unchanged'),
          async remove(id, at) {
            await listing.remove(id, at)
            changed(id)
          },
        },
        { ...options, proof, now },
      ),
    )
  }

  return { refresh, refreshRoles }
}

async function* onlyOf<T extends { readonly clerkId: string }>(id: string, rows: AsyncIterable<T>) {
  for await (const row of rows) if (row.clerkId === id) yield row
}
