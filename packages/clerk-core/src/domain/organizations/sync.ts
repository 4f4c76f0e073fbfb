import { inBatches, StoppedError, untilAborted } from '../../ground/timing/until-aborted.js'
import type { SyncedRow } from '../backend-api/bulk.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'
import type { InstanceProof } from '../backend-api/complete-listing.js'
import { differingFields } from '../backend-api/drift.js'
import { checkRange, createTally, listOf, ranged, type Tally } from '../backend-api/tally.js'
import { refuseOtherInstance } from '../backend-api/whose-key.js'
import type { OwnChange, Tell } from '../changes/tell.js'
import type {
  InvitationSnapshot,
  MembershipRecord,
  MembershipSnapshot,
  OrganizationRecord,
  OrganizationSnapshot,
  OrganizationStore,
  UnstoredOfOrganizations,
} from '../store/organization.js'
import { decideApply } from '../store/rules/convergence.js'
import type { ApplyOutcome } from '../store/user.js'
import type { OrganizationSync, SyncOrganizationsOptions } from './bulk.js'
import { invitationFields, membershipFields, organizationFields, roleFields } from './differing.js'
import { type ListingParts, roleListing } from './listings.js'
import { narrowedMembership } from './narrowing.js'

/** Ids in one question of Clerk. */
const ASKED_AT_ONCE = 100
/** Rows after which the progress is told. */
const STEP = 100

export const NOTHING_UNSTORED: UnstoredOfOrganizations = { organizations: [], memberships: [], roles: [] }

/** `clerk.organizations.sync`: Clerk's organisations, applied as webhooks are. */
export function createOrganizationSync<M extends MembershipRecord, O extends OrganizationRecord>(parts: {
  readonly store: OrganizationStore<O, M>
  readonly directory: ListingParts['writes'] &
    Pick<OrganizationStore<O, M>, 'applyOrganization' | 'applyInvitation'>
  /** One that waits for its turn. */
  readonly api: ListingParts['api'] &
    Pick<ClerkApi, 'eachOrganization' | 'listOrganizations' | 'eachInstanceMembership' | 'eachInvitation'>
  readonly proof: () => Promise<InstanceProof>
  readonly tell: Tell
  readonly privateMetadata: boolean
}): (options?: SyncOrganizationsOptions) => Promise<OrganizationSync> {
  const { store, directory, api, proof, tell, privateMetadata } = parts

  return async (options = {}) => {
    checkRange(options)
    const tally = createTally(options)
    const result = (complete: boolean): OrganizationSync => ({
      organizations: tally.counts('organization'),
      memberships: tally.counts('membership'),
      invitations: tally.counts('invitation'),
      roles: tally.counts('role'),
      complete,
    })
    try {
      await refuseOtherInstance(proof, { allowUnproven: true, signal: options.signal })
      await sync(options, tally)
      await tally.progress()
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error
      return result(false)
    }
    return result(true)
  }

  async function sync(options: SyncOrganizationsOptions, tally: Tally): Promise<void> {
    const { signal, members = false, invitations = false, dryRun = false } = options
    const unstored = (await store.unstored?.()) ?? NOTHING_UNSTORED
    const { write, flush } = createWrite(tally, dryRun)
    /** Where a part of them is wanted, or the memberships of the instance would bring those of others. */
    const isPart = options.id !== undefined || options.limit !== undefined || options.offset !== undefined
    const rows = <T>(values: AsyncIterable<T>) => untilAborted(values, signal)
    try {
      await readAll()
    } finally {
      // What was written is told whatever came after it.
      await flush()
    }

    async function readAll(): Promise<void> {
      if (members) await syncRoles(write, rows, unstored)
      for await (const organization of ranged(rows(listing(options, tally)), options)) {
        const { clerkId } = organization
        await write('organization', organization, {
          change: ['organization.forgotten', clerkId],
          known: () => store.findOrganization(clerkId),
          differing: (row) => differingFields(row, organizationFields(organization), unstored.organizations),
          apply: () => directory.applyOrganization(organization),
        })
        if (members && isPart)
          for await (const membership of rows(api.eachMembership(clerkId)))
            await syncMembership(write, membership, unstored)
        if (!invitations) continue
        for await (const invitation of rows(api.eachInvitation(clerkId)))
          await syncInvitation(write, invitation)
      }
      if (members && !isPart)
        for await (const membership of rows(api.eachInstanceMembership()))
          await syncMembership(write, membership, unstored)
    }
  }

  async function* listing(
    { id }: SyncOrganizationsOptions,
    tally: Tally,
  ): AsyncGenerator<OrganizationSnapshot, void, undefined> {
    if (id === undefined) {
      yield* api.eachOrganization({ privateMetadata })
      return
    }
    for await (const ids of inBatches(new Set(listOf(id)), ASKED_AT_ONCE)) {
      const missing = new Set(ids)
      const page = { privateMetadata, limit: ASKED_AT_ONCE }
      for (const organization of await api.listOrganizations({ organizationId: ids }, page)) {
        missing.delete(organization.clerkId)
        yield organization
      }
      for (const clerkId of missing) await tally.add('organization', clerkId, 'missing')
    }
  }

  async function syncRoles(
    write: Write,
    rows: <T>(values: AsyncIterable<T>) => AsyncIterable<T>,
    unstored: UnstoredOfOrganizations,
  ): Promise<void> {
    const listing = roleListing({ store, writes: directory, api, tell })
    if (listing === null) return
    await listing.ours()
    for await (const role of rows(listing.each())) {
      await write('role', role, {
        change: ['role.forgotten', role.clerkId],
        known: async () => listing.known(role.clerkId) ?? null,
        differing: (row) => differingFields(row, roleFields(role), unstored.roles),
        apply: async () => (await listing.apply(role)) ?? { outcome: 'unchanged' },
      })
    }
  }

  async function syncMembership(
    write: Write,
    membership: MembershipSnapshot,
    unstored: UnstoredOfOrganizations,
  ): Promise<void> {
    const { orgId, userId, clerkId } = membership
    const known = async () => {
      const row = await store.findMembership(orgId, userId)
      return row?.clerkId === clerkId ? row : null
    }
    await write('membership', membership, {
      change: ['organization.forgotten', orgId],
      known,
      differing: (row) => differingFields(row, membershipFields(membership, row), unstored.memberships),
      async apply() {
        const row = await known()
        const narrows = row === null ? null : narrowedMembership(row, membership)
        if (narrows !== null) await tell('organization.forgotten', orgId, narrows)
        return directory.applyMembership(membership)
      },
    })
  }

  async function syncInvitation(write: Write, invitation: InvitationSnapshot): Promise<void> {
    await write('invitation', invitation, {
      known: () => store.findInvitation(invitation.clerkId),
      differing: (row) => differingFields(row, invitationFields(invitation)),
      apply: () => directory.applyInvitation(invitation),
    })
  }

  function createWrite(tally: Tally, dryRun: boolean): { write: Write; flush: () => Promise<void> } {
    let count = 0
    /** What other processes are to be told, each once: an organisation has many members. */
    let changes = new Map<string, readonly [OwnChange, string]>()

    async function flush(): Promise<void> {
      const told = changes
      changes = new Map()
      for (const change of told.values()) await tell(...change)
    }

    const write: Write = async (kind, snapshot, { change, known, differing, apply }) => {
      const { clerkId } = snapshot
      const written = await attempt(async () =>
        dryRun ? foreseen(await known(), snapshot.version, differing) : (await apply()).outcome,
      )
      if ('error' in written) {
        await tally.failed(kind, clerkId, written.error)
      } else {
        // A membership that is new may be cached as one that is not there.
        if (
          !dryRun &&
          change !== undefined &&
          (written.outcome === 'updated' || written.outcome === 'created')
        )
          changes.set(change.join(' '), change)
        await tally.add(kind, clerkId, written.outcome)
      }
      if (++count % STEP !== 0) return
      await flush()
      await tally.progress()
    }
    return { write, flush }
  }
}

/** Writes one row, or says what would become of it, and counts it. */
type Write = <R extends { readonly version: number }>(
  kind: SyncedRow['kind'],
  snapshot: { readonly clerkId: string; readonly version: number },
  row: {
    /** What other processes are told. */
    readonly change?: readonly [OwnChange, string]
    readonly known: () => Promise<R | null>
    readonly differing: (row: R) => readonly string[]
    readonly apply: () => Promise<{ readonly outcome: ApplyOutcome }>
  },
) => Promise<void>

async function attempt(
  work: () => Promise<ApplyOutcome>,
): Promise<{ readonly outcome: ApplyOutcome } | { readonly error: unknown }> {
  try {
    return { outcome: await work() }
  } catch (error) {
    return { error }
  }
}

function foreseen<R extends { readonly version: number }>(
  row: R | null,
  version: number,
  differing: (row: R) => readonly string[],
): ApplyOutcome {
  const decision = decideApply(row, version)
  if (row === null || decision === 'create') return 'created'
  if (decision !== 'write') return decision
  return row.version === version && differing(row).length === 0 ? 'unchanged' : 'updated'
}
