import {
  byCreation,
  checkInvitation,
  checkMembership,
  checkMembershipReference,
  checkOrganization,
  checkRole,
  checkRowPage,
  checkText,
  checkTime,
  identityOf,
  identityToFill,
  type MembershipReference,
  type MembershipSnapshot,
  membershipKey,
  newestMembership,
  newestRole,
  type OrganizationStore,
  permissionsToWrite,
  withOrganization,
  withRole,
} from '@acme/clerk-core/store'
import type { Document } from 'mongodb'
import { reach } from '../collection/errors.js'
import type { MappedCollection } from '../collection/mapped-collection.js'
import { pageOfRows } from '../collection/page-of-rows.js'
import { plainUniqueness } from '../collection/resolve-conflict.js'
import { uniqueColumns } from '../collection/unique-columns.js'
import { versioned } from '../collection/versioned.js'
import {
  invitationDocument,
  invitationRow,
  membershipDocument,
  membershipIdentity,
  membershipRow,
  organizationDocument,
  organizationRow,
  roleDocument,
  roleRow,
} from '../documents/organization-documents.js'
import type { MongoMembership, MongoOrganization, MongoRole } from '../rows.js'

export type MongoOrganizationStore<Id> = Required<
  OrganizationStore<MongoOrganization<Id>, MongoMembership<Id>>
>

export interface OrganizationCollections {
  organizations: MappedCollection
  memberships: MappedCollection
  roles: MappedCollection
  invitations: MappedCollection
}

/** Ids of the organisations of one user: far fewer in practice. */
const BATCH = 1000

/** Memberships that began in the newest millisecond: which of them counts is not a collation's to say. */
const MOST_OF_ONE_MOMENT = 10

export function mongoOrganizations<Id>(
  collections: OrganizationCollections,
  newId: (() => unknown) | undefined,
  ready: () => Promise<void>,
): MongoOrganizationStore<Id> {
  const organizations = versioned(
    collections.organizations,
    plainUniqueness(uniqueColumns(collections.organizations, { slug: 'slug' })),
  )
  const memberships = versioned(
    collections.memberships,
    plainUniqueness(uniqueColumns(collections.memberships)),
  )
  const roles = versioned(collections.roles, plainUniqueness(uniqueColumns(collections.roles)))
  const invitations = versioned(
    collections.invitations,
    plainUniqueness(uniqueColumns(collections.invitations)),
  )
  const onInsert = (): Document => (newId === undefined ? {} : { _id: newId() })

  /** Those of these organisations that are deleted, by their Clerk ids. */
  async function deletedOrganizations(orgIds: readonly string[]): Promise<Set<string>> {
    const deleted = new Set<string>()
    for (let start = 0; start < orgIds.length; start += BATCH) {
      const batch = orgIds.slice(start, start + BATCH)
      const found = collections.organizations.find(
        { clerkId: { $in: batch }, deletedAt: { $ne: null } },
        { projection: { clerkId: 1 } },
      )
      for (const { clerkId } of await found.toArray()) deleted.add(clerkId)
    }
    return deleted
  }

  /** The roles that count of those with these keys. */
  async function rolesOf(keys: readonly string[]): Promise<ReadonlyMap<string, MongoRole<Id>>> {
    if (keys.length === 0) return new Map()
    const found = await collections.roles.find({ key: { $in: [...keys] } }).toArray()
    const rows = found.map((document) => roleRow<Id>(document))
    return new Map(
      keys.flatMap((key) => {
        const role = newestRole(rows.filter((one) => one.key === key))
        return role === null ? [] : [[key, role] as const]
      }),
    )
  }

  /** Memberships with the permissions that count. */
  async function entitled(memberships: readonly MongoMembership<Id>[]): Promise<MongoMembership<Id>[]> {
    const known = await rolesOf([...new Set(memberships.flatMap(({ role }) => role ?? []))])
    return memberships.map((one) => withRole(one, known.get(one.role ?? '') ?? null))
  }

  /** `null`: there was nothing to fill, or another writer was first. */
  async function fillIdentity(row: Document, reference: MembershipReference): Promise<Document | null> {
    const filled = identityToFill(row, reference)
    if (filled === null) return null
    const { clerkId } = reference
    return collections.memberships.findOneAndUpdate(
      { clerkId: { $eq: clerkId }, orgId: { $eq: '' } },
      { $set: membershipIdentity({ clerkId, ...filled }) },
      { returnDocument: 'after' },
    )
  }

  const answer = (membership: Document, organization: Document | null) =>
    withOrganization(membershipRow<Id>(membership), organization && organizationRow(organization))

  return {
    async findOrganization(orgId) {
      checkText(orgId, 'orgId')
      const document = await reach(() => organizations.find(orgId))
      return document === null ? null : organizationRow<Id>(document)
    },

    async applyOrganization(snapshot) {
      checkOrganization(snapshot)
      const { clerkId, version } = snapshot
      const write = { clerkId, version, synced: organizationDocument(snapshot), onInsert: onInsert() }
      const { document, outcome } = await reach(() => organizations.apply(write))
      return { organization: organizationRow<Id>(document), outcome }
    },

    async removeOrganization(orgId, at) {
      checkText(orgId, 'orgId')
      checkTime(at, 'at')
      return organizationRow<Id>(await reach(() => organizations.remove(orgId, at, onInsert())))
    },

    listOrganizations: (page) =>
      reach(async () => {
        checkRowPage(page)
        return (await pageOfRows(collections.organizations, page)).map((document) =>
          organizationRow<Id>(document),
        )
      }),

    unstored: async () => ({
      organizations: collections.organizations.columns.unstored(),
      memberships: collections.memberships.columns.unstored(),
      roles: collections.roles.columns.unstored(),
    }),

    async findMembership(orgId, userId) {
      checkText(orgId, 'orgId')
      checkText(userId, 'userId')
      const ofBoth = { orgId: { $eq: orgId }, userId: { $eq: userId } }
      const [found, organization] = await reach(() =>
        Promise.all([
          collections.memberships.find(ofBoth).sort({ createdAt: -1 }).limit(MOST_OF_ONE_MOMENT).toArray(),
          organizations.find(orgId),
        ]),
      )
      const newest = newestMembership(found.map((document) => membershipRow<Id>(document)))
      if (newest === null) return null
      const [membership = newest] = await reach(() => entitled([newest]))
      return withOrganization(membership, organization && organizationRow(organization))
    },

    async applyMembership(snapshot) {
      checkMembership(snapshot)
      const { clerkId, orgId, version } = snapshot
      const write = {
        ...{ clerkId, version, synced: membershipDocument(snapshot), onInsert: onInsert() },
        ...(snapshot.permissions === undefined && { depending: keptPermissions(snapshot) }),
      }
      const [{ document, outcome }, organization] = await reach(async () => [
        await memberships.apply(write),
        await organizations.find(orgId),
      ])
      return { membership: answer(document, organization), outcome }
    },

    async removeMembership(reference, at) {
      checkMembershipReference(reference)
      checkTime(at, 'at')
      const bare = { ...onInsert(), ...membershipIdentity(identityOf(reference, at)) }
      return reach(async () => {
        const removed = await memberships.remove(reference.clerkId, at, bare)
        const document = (await fillIdentity(removed, reference)) ?? removed
        return answer(document, await organizations.find(String(document.orgId)))
      })
    },

    async listMemberships(of) {
      const [field, id] = membershipKey(of)
      return reach(async () => {
        const found = await collections.memberships
          .find({ [field]: { $eq: id }, deletedAt: { $eq: null } })
          .toArray()
        const deleted = await deletedOrganizations([...new Set(found.map(({ orgId }): string => orgId))])
        const live = found.filter(({ orgId }) => !deleted.has(orgId))
        return (await entitled(live.map((document) => membershipRow<Id>(document)))).sort(byCreation)
      })
    },

    async findRole(key) {
      checkText(key, 'key')
      return (await reach(() => rolesOf([key]))).get(key) ?? null
    },

    async listRoles() {
      const found = await reach(() => collections.roles.find({ deletedAt: { $eq: null } }).toArray())
      return found.map((document) => roleRow<Id>(document))
    },

    async applyRole(snapshot) {
      checkRole(snapshot)
      const { clerkId, version } = snapshot
      const write = { clerkId, version, synced: roleDocument(snapshot), onInsert: onInsert() }
      const { document, outcome } = await reach(() => roles.apply(write))
      return { role: roleRow<Id>(document), outcome }
    },

    async removeRole(roleId, at) {
      checkText(roleId, 'roleId')
      checkTime(at, 'at')
      return roleRow<Id>(await reach(() => roles.remove(roleId, at, onInsert())))
    },

    async applyInvitation(snapshot) {
      checkInvitation(snapshot)
      const { clerkId, version } = snapshot
      const write = { clerkId, version, synced: invitationDocument(snapshot), onInsert: onInsert() }
      const { document, outcome } = await reach(() => invitations.apply(write))
      return { invitation: invitationRow<Id>(document), outcome }
    },

    async findInvitation(invitationId) {
      checkText(invitationId, 'invitationId')
      const document = await reach(() => invitations.find(invitationId))
      return document === null ? null : invitationRow<Id>(document)
    },

    ping: () => reach(ready),
  }
}

/** Permissions are kept while the role is the same, which another writer may change in between. */
const keptPermissions = (snapshot: MembershipSnapshot) => (known: Document | null) => {
  const permissions = permissionsToWrite(snapshot, known)
  return permissions === undefined
    ? { synced: {}, filter: { role: { $eq: snapshot.role } } }
    : { synced: { permissions: [...permissions] }, filter: {} }
}
