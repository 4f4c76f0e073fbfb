import type { ClerkApi } from '../backend-api/clerk-api.js'
import { oneOrNone } from '../backend-api/one-or-none.js'
import type { Narrowing, Tell } from '../changes/tell.js'
import type {
  MembershipRecord,
  MembershipSnapshot,
  OrganizationRecord,
  OrganizationStore,
  RoleRecord,
  RoleSnapshot,
} from '../store/organization.js'
import type { ApplyOutcome } from '../store/user.js'
import { endedMembership, narrowedMembership, narrowedRole } from './narrowing.js'

/** What complete listings of memberships and roles are made of. */
export interface ListingParts {
  readonly store: Pick<
    OrganizationStore<OrganizationRecord, MembershipRecord>,
    'listMemberships' | 'listRoles'
  >
  /** The directory's, which drop what is cached of it. */
  readonly writes: Pick<
    OrganizationStore<OrganizationRecord, MembershipRecord>,
    'applyMembership' | 'removeMembership'
  > & {
    applyRole(
      snapshot: RoleSnapshot,
    ): Promise<{ readonly role: RoleRecord; readonly outcome: ApplyOutcome } | null>
    removeRole(roleId: string, at: number): Promise<unknown>
  }
  readonly api: Pick<ClerkApi, 'eachMembership' | 'listMemberships' | 'eachRole' | 'getRole'>
  readonly tell: Tell
}

/** The members of one organisation at Clerk, beside ours. What narrows a right is told before its row is written. */
export function membershipListing({ store, writes, api, tell }: ListingParts, orgId: string) {
  let known: ReadonlyMap<string, MembershipRecord> = new Map()
  const tellBefore = async (narrows: Narrowing | null) => {
    if (narrows !== null) await tell('organization.forgotten', orgId, narrows)
  }
  return {
    /** The row as `ours` read it. */
    known: (clerkId: string) => known.get(clerkId),
    async ours(): Promise<readonly string[]> {
      known = new Map((await store.listMemberships({ orgId })).map((row) => [row.clerkId, row]))
      return [...known.keys()]
    },
    each: () => api.eachMembership(orgId),
    // Clerk finds memberships by their users alone: one who left and came back has another membership.
    find: (ids: readonly string[]) =>
      api.listMemberships(
        orgId,
        { userId: ids.flatMap((id) => known.get(id)?.userId ?? []) },
        { limit: ids.length },
      ),
    async apply(snapshot: MembershipSnapshot) {
      const row = known.get(snapshot.clerkId)
      if (row !== undefined) await tellBefore(narrowedMembership(row, snapshot))
      return writes.applyMembership(snapshot)
    },
    async remove(clerkId: string, at: number): Promise<void> {
      const row = known.get(clerkId)
      if (row !== undefined) await tellBefore(endedMembership(row, row.version))
      await writes.removeMembership({ clerkId }, at)
    },
  }
}

/** The roles of the instance at Clerk, beside ours. `null`: the store has no roles. */
export function roleListing({ store, writes, api, tell }: ListingParts) {
  const { listRoles } = store
  if (listRoles === undefined) return null
  let known: ReadonlyMap<string, RoleRecord> = new Map()
  return {
    known: (clerkId: string) => known.get(clerkId),
    async ours(): Promise<readonly string[]> {
      known = new Map((await listRoles()).map((row) => [row.clerkId, row]))
      return [...known.keys()]
    },
    each: () => api.eachRole(),
    async find(ids: readonly string[]): Promise<readonly RoleSnapshot[]> {
      const found: RoleSnapshot[] = []
      for (const id of ids) for await (const role of oneOrNone(() => api.getRole(id))) found.push(role)
      return found
    },
    async apply(snapshot: RoleSnapshot) {
      const narrows = narrowedRole(known.get(snapshot.clerkId), snapshot)
      if (narrows !== null) await tell('role.forgotten', snapshot.clerkId, narrows)
      return writes.applyRole(snapshot)
    },
    remove: (id: string, at: number) => writes.removeRole(id, at),
  }
}
