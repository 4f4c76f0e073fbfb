import { isDeepStrictEqual } from 'node:util'
import type {
  InvitationRecord,
  MembershipIdentity,
  MembershipRecord,
  OrganizationRecord,
  OrganizationStore,
} from '../organization.js'
import type { ApplyOutcome, Metadata } from '../user.js'
import { checkText, checkTime, checkVersion } from './check-input.js'
import { settleUnique } from './unique.js'

export interface MemoryOrganization extends OrganizationRecord {
  readonly id: string
  readonly privateMetadata: Metadata | null
  readonly membersCount: number | null
  readonly createdAt: Date | null
}

export interface MemoryMembership extends MembershipRecord {
  readonly id: string
}

export interface MemoryInvitation extends InvitationRecord {
  readonly id: string
}

export interface MemoryOrganizationStore extends OrganizationStore<MemoryOrganization, MemoryMembership> {
  ping(): Promise<void>
  /** Every row, for tests. */
  all(): Promise<{
    organizations: MemoryOrganization[]
    memberships: MemoryMembership[]
    invitations: MemoryInvitation[]
  }>
}

export function memoryOrganizations(uniqueSlug: boolean): MemoryOrganizationStore {
  const organizations = new Map<string, MemoryOrganization>()
  const memberships = new Map<string, MemoryMembership>()
  const invitations = new Map<string, MemoryInvitation>()
  const unique = uniqueSlug ? (['slug'] as const) : []
  let created = 0
  const nextId = () => String(++created)

  function settled(row: MemoryOrganization): MemoryOrganization {
    const lost = settleUnique(row, organizations.values(), unique, (holder) => {
      organizations.set(holder.clerkId, { ...holder, slug: null })
    })
    return lost.length > 0 ? { ...row, slug: null } : row
  }

  /** The deletion of an organisation is that of its memberships: no event has to arrive for each. */
  function withOrganization(membership: MemoryMembership): MemoryMembership {
    const deletions = [membership.deletedAt, organizations.get(membership.orgId)?.deletedAt ?? null]
    return { ...structuredClone(membership), deletedAt: earliest(deletions) }
  }

  return {
    async findOrganization(orgId) {
      checkText(orgId, 'orgId')
      return structuredClone(organizations.get(orgId) ?? null)
    },

    async applyOrganization({ clerkId, name, slug, imageUrl, publicMetadata, ...snapshot }) {
      checkText(clerkId, 'clerkId')
      checkVersion(snapshot.version)
      const { row, outcome } = applied(organizations, clerkId, snapshot.version, (known) =>
        settled({
          id: known?.id ?? nextId(),
          clerkId,
          name,
          slug,
          imageUrl,
          publicMetadata: structuredClone(publicMetadata),
          privateMetadata: structuredClone(snapshot.privateMetadata) ?? known?.privateMetadata ?? null,
          membersCount: snapshot.membersCount,
          createdAt: dateOf(snapshot.createdAt),
          version: snapshot.version,
          deletedAt: known?.deletedAt ?? null,
        }),
      )
      return { organization: row, outcome }
    },

    async removeOrganization(orgId, at) {
      checkText(orgId, 'orgId')
      checkTime(at, 'at')
      const known = organizations.get(orgId) ?? { ...emptyOrganization, id: nextId(), clerkId: orgId }
      const row = settled({ ...known, deletedAt: earliest([known.deletedAt, new Date(at)]) })
      organizations.set(orgId, row)
      return structuredClone(row)
    },

    async findMembership(orgId, userId) {
      checkText(orgId, 'orgId')
      checkText(userId, 'userId')
      const [newest] = [...memberships.values()]
        .filter((row) => row.orgId === orgId && row.userId === userId)
        .sort((a, b) => byCreation(b, a))
      return newest === undefined ? null : withOrganization(newest)
    },

    async applyMembership({ permissions, publicMetadata, updatedAt: _, createdAt, ...fields }) {
      checkMembership({ ...fields, createdAt })
      checkVersion(fields.version)
      const { row, outcome } = applied(memberships, fields.clerkId, fields.version, (known) => ({
        ...fields,
        id: known?.id ?? nextId(),
        permissions: [...permissions],
        publicMetadata: structuredClone(publicMetadata),
        createdAt: new Date(createdAt),
        deletedAt: known?.deletedAt ?? null,
      }))
      return { membership: withOrganization(row), outcome }
    },

    async removeMembership({ clerkId, orgId, userId, createdAt }, at) {
      checkMembership({ clerkId, orgId, userId, createdAt })
      checkTime(at, 'at')
      const known: MemoryMembership = memberships.get(clerkId) ?? {
        id: nextId(),
        clerkId,
        orgId,
        userId,
        role: null,
        permissions: [],
        publicMetadata: null,
        createdAt: new Date(createdAt),
        version: 0,
        deletedAt: null,
      }
      const row = { ...known, deletedAt: earliest([known.deletedAt, new Date(at)]) }
      memberships.set(clerkId, row)
      return withOrganization(row)
    },

    async listMemberships(of) {
      const [column, id] = 'userId' in of ? (['userId', of.userId] as const) : (['orgId', of.orgId] as const)
      checkText(id, column)
      return [...memberships.values()]
        .filter((row) => row[column] === id)
        .map(withOrganization)
        .filter(({ deletedAt }) => deletedAt === null)
        .sort(byCreation)
    },

    async applyInvitation({ createdAt: _c, updatedAt: _u, expiresAt, publicMetadata, ...fields }) {
      checkText(fields.clerkId, 'clerkId')
      checkText(fields.orgId, 'orgId')
      checkVersion(fields.version)
      const { row, outcome } = applied(invitations, fields.clerkId, fields.version, (known) => ({
        ...fields,
        id: known?.id ?? nextId(),
        publicMetadata: structuredClone(publicMetadata),
        expiresAt: dateOf(expiresAt),
      }))
      return { invitation: row, outcome }
    },

    async findInvitation(invitationId) {
      checkText(invitationId, 'invitationId')
      return structuredClone(invitations.get(invitationId) ?? null)
    },

    async ping() {},

    all: async () =>
      structuredClone({
        organizations: [...organizations.values()],
        memberships: [...memberships.values()],
        invitations: [...invitations.values()],
      }),
  }
}

/** The highest version wins, of equal ones the later write. The row answered is a copy. */
function applied<R extends { readonly version: number }>(
  rows: Map<string, R>,
  clerkId: string,
  version: number,
  next: (known: R | undefined) => R,
): { row: R; outcome: ApplyOutcome } {
  const known = rows.get(clerkId)
  if (known !== undefined && version < known.version) return { row: structuredClone(known), outcome: 'stale' }
  const row = next(known)
  rows.set(clerkId, row)
  const outcome = known === undefined ? 'created' : isDeepStrictEqual(row, known) ? 'unchanged' : 'updated'
  return { row: structuredClone(row), outcome }
}

function checkMembership({ clerkId, orgId, userId, createdAt }: MembershipIdentity): void {
  checkText(clerkId, 'clerkId')
  checkText(orgId, 'orgId')
  checkText(userId, 'userId')
  checkTime(createdAt, 'createdAt')
}

const emptyOrganization = {
  name: null,
  slug: null,
  imageUrl: null,
  publicMetadata: null,
  privateMetadata: null,
  membersCount: null,
  createdAt: null,
  version: 0,
  deletedAt: null,
} as const

const dateOf = (ms: number | null) => (ms === null ? null : new Date(ms))

function earliest(dates: readonly (Date | null)[]): Date | null {
  const times = dates.filter((date) => date !== null).map((date) => date.getTime())
  return times.length === 0 ? null : new Date(Math.min(...times))
}

/** Oldest first; ids settle what began in the same millisecond, so that the order is always the same. */
function byCreation(a: MemoryMembership, b: MemoryMembership): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.clerkId < b.clerkId ? -1 : 1)
}
