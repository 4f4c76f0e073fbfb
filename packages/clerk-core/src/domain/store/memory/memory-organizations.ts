import { isDeepStrictEqual } from 'node:util'
import type {
  InvitationRecord,
  MembershipRecord,
  OrganizationRecord,
  OrganizationStore,
  RoleRecord,
} from '../organization.js'
import { carried } from '../rules/absence.js'
import { checkRowPage } from '../rules/batch.js'
import { decideApply } from '../rules/convergence.js'
import {
  checkInvitation,
  checkMembership,
  checkMembershipReference,
  checkOrganization,
  checkRole,
  checkText,
  checkTime,
  membershipKey,
  storable,
} from '../rules/input.js'
import {
  byCreation,
  identityOf,
  identityToFill,
  newestMembership,
  permissionsToWrite,
  withOrganization,
} from '../rules/membership.js'
import { newestRole, withRole } from '../rules/role.js'
import {
  EMPTY_INVITATION,
  EMPTY_MEMBERSHIP,
  EMPTY_ORGANIZATION,
  EMPTY_ROLE,
  earliestDeletion,
} from '../rules/tombstone.js'
import type { ApplyOutcome, Metadata } from '../user.js'
import { createPages } from './page.js'
import { resolveConflicts } from './unique.js'

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

export interface MemoryRole extends RoleRecord {
  readonly id: string
}

export interface MemoryOrganizationStore
  extends Required<OrganizationStore<MemoryOrganization, MemoryMembership>> {
  ping(): Promise<void>
  /** Every row, for tests. */
  all(): Promise<{
    organizations: MemoryOrganization[]
    memberships: MemoryMembership[]
    roles: MemoryRole[]
    invitations: MemoryInvitation[]
  }>
}

export function memoryOrganizations(uniqueSlug: boolean): MemoryOrganizationStore {
  const organizations = new Map<string, MemoryOrganization>()
  const pageOf = createPages(organizations)
  const memberships = new Map<string, MemoryMembership>()
  const roles = new Map<string, MemoryRole>()
  const invitations = new Map<string, MemoryInvitation>()
  const unique = uniqueSlug ? (['slug'] as const) : []
  let created = 0
  const nextId = () => String(++created)

  const resolved = (row: MemoryOrganization) =>
    resolveConflicts(row, organizations.values(), unique, (holder, fields) => {
      organizations.set(holder.clerkId, { ...holder, ...fields })
    })

  const answer = (membership: MemoryMembership) =>
    structuredClone(withOrganization(membership, organizations.get(membership.orgId) ?? null))

  const roleOf = (key: string | null) => newestRole([...roles.values()].filter((role) => role.key === key))
  const entitled = (membership: MemoryMembership) =>
    answer(withRole(membership, membership.role === null ? null : roleOf(membership.role)))

  return {
    async findOrganization(orgId) {
      checkText(orgId, 'orgId')
      return structuredClone(organizations.get(orgId) ?? null)
    },

    async applyOrganization(snapshot) {
      checkOrganization(snapshot)
      const { clerkId, name, slug, imageUrl, publicMetadata, privateMetadata, membersCount, version } =
        snapshot
      const texts = storable({ name, slug, imageUrl, publicMetadata, privateMetadata })
      const { row, outcome } = applied(organizations, clerkId, version, (known) =>
        resolved({
          ...(known ?? { ...EMPTY_ORGANIZATION, id: nextId(), clerkId, deletedAt: null }),
          ...carried({ ...texts, membersCount, createdAt: dateOf(snapshot.createdAt), version }),
        } as MemoryOrganization),
      )
      return { organization: row, outcome }
    },

    async removeOrganization(orgId, at) {
      checkText(orgId, 'orgId')
      checkTime(at, 'at')
      const known = organizations.get(orgId) ?? {
        ...EMPTY_ORGANIZATION,
        ...{ id: nextId(), clerkId: orgId, version: 0, deletedAt: null },
      }
      const row = resolved({ ...known, deletedAt: earliestDeletion(known.deletedAt, new Date(at)) })
      organizations.set(orgId, row)
      return structuredClone(row)
    },

    async listOrganizations(page) {
      checkRowPage(page)
      return structuredClone(pageOf(page))
    },

    unstored: async () => ({ organizations: [], memberships: [], roles: [] }),

    async findMembership(orgId, userId) {
      checkText(orgId, 'orgId')
      checkText(userId, 'userId')
      const newest = newestMembership(
        [...memberships.values()].filter((row) => row.orgId === orgId && row.userId === userId),
      )
      return newest === null ? null : entitled(newest)
    },

    async applyMembership(snapshot) {
      checkMembership(snapshot)
      const { clerkId, orgId, userId, role, publicMetadata, version } = snapshot
      const identity = { clerkId, orgId, userId, createdAt: new Date(snapshot.createdAt) }
      const { row, outcome } = applied(memberships, clerkId, version, (known) => ({
        ...(known ?? { ...EMPTY_MEMBERSHIP, id: nextId(), deletedAt: null }),
        ...identity,
        ...carried(
          storable({ role, permissions: permissionsToWrite(snapshot, known ?? null), publicMetadata }),
        ),
        version,
      }))
      return { membership: answer(row), outcome }
    },

    async removeMembership(reference, at) {
      checkMembershipReference(reference)
      checkTime(at, 'at')
      const { clerkId, orgId, userId, createdAt } = identityOf(reference, at)
      const known: MemoryMembership = memberships.get(clerkId) ?? {
        ...EMPTY_MEMBERSHIP,
        ...{ id: nextId(), clerkId, orgId, userId, version: 0, deletedAt: null },
        createdAt: new Date(createdAt),
      }
      const filled = identityToFill(known, reference)
      const row = {
        ...known,
        ...(filled && { ...filled, createdAt: new Date(filled.createdAt) }),
        deletedAt: earliestDeletion(known.deletedAt, new Date(at)),
      }
      memberships.set(clerkId, row)
      return answer(row)
    },

    async listMemberships(of) {
      const [column, id] = membershipKey(of)
      return [...memberships.values()]
        .filter((row) => row[column] === id)
        .map(entitled)
        .filter(({ deletedAt }) => deletedAt === null)
        .sort(byCreation)
    },

    async findRole(key) {
      checkText(key, 'key')
      return structuredClone(roleOf(key))
    },

    async listRoles() {
      return structuredClone([...roles.values()].filter(({ deletedAt }) => deletedAt === null))
    },

    async applyRole(snapshot) {
      checkRole(snapshot)
      const { clerkId, key, name, permissions, version } = snapshot
      const { row, outcome } = applied(roles, clerkId, version, (known) => ({
        ...(known ?? { ...EMPTY_ROLE, id: nextId(), clerkId, deletedAt: null }),
        ...carried(storable({ name, permissions })),
        ...{ key: storable(key), version },
      }))
      return { role: row, outcome }
    },

    async removeRole(roleId, at) {
      checkText(roleId, 'roleId')
      checkTime(at, 'at')
      const known = roles.get(roleId) ?? {
        ...EMPTY_ROLE,
        ...{ id: nextId(), clerkId: roleId, version: 0, deletedAt: null },
      }
      const row = { ...known, deletedAt: earliestDeletion(known.deletedAt, new Date(at)) }
      roles.set(roleId, row)
      return structuredClone(row)
    },

    async applyInvitation(snapshot) {
      checkInvitation(snapshot)
      const { clerkId, orgId, email, role, status, publicMetadata, version } = snapshot
      const { row, outcome } = applied(invitations, clerkId, version, (known) => ({
        ...(known ?? { ...EMPTY_INVITATION, id: nextId(), clerkId }),
        ...{ orgId, version, email: storable(email), status: storable(status) },
        ...carried({ ...storable({ role, publicMetadata }), expiresAt: dateOf(snapshot.expiresAt) }),
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
        roles: [...roles.values()],
        invitations: [...invitations.values()],
      }),
  }
}

/** Stores what the rule of convergence lets it. Stored and answered rows are copies. */
function applied<R extends { readonly version: number }>(
  rows: Map<string, R>,
  clerkId: string,
  version: number,
  next: (known: R | undefined) => R,
): { row: R; outcome: ApplyOutcome } {
  const known = rows.get(clerkId)
  const decision = decideApply(known ?? null, version)
  if (known !== undefined && decision === 'stale') return { row: structuredClone(known), outcome: 'stale' }
  const row = structuredClone(next(known))
  rows.set(clerkId, row)
  const outcome = known === undefined ? 'created' : isDeepStrictEqual(row, known) ? 'unchanged' : 'updated'
  return { row: structuredClone(row), outcome }
}

const dateOf = (ms: number | null | undefined) => (typeof ms === 'number' ? new Date(ms) : ms)
