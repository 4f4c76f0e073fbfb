import {
  byCreation,
  carried,
  checkInvitation,
  checkMembership,
  checkMembershipReference,
  checkOrganization,
  checkRole,
  checkRowPage,
  checkText,
  checkTime,
  EMPTY_INVITATION,
  EMPTY_MEMBERSHIP,
  EMPTY_ORGANIZATION,
  EMPTY_ROLE,
  type InspectableStore,
  type InvitationRecord,
  type InvitationSnapshot,
  identityOf,
  identityToFill,
  type MembershipIdentity,
  type MembershipRecord,
  type MembershipSnapshot,
  membershipKey,
  newestMembership,
  newestRole,
  type OrganizationRecord,
  type OrganizationSnapshot,
  type OrganizationStore,
  permissionsToWrite,
  type RoleRecord,
  type RoleSnapshot,
  withOrganization,
  withRole,
} from '@acme/clerk-core/store'
import type { Row } from '../client/prisma-client.js'
import { INVITATIONS, MEMBERSHIPS, ORGANIZATIONS, ROLES } from '../table/definitions.js'
import type { Values } from '../table/table.js'
import type { Incoming, Versioned } from '../table/versioned.js'
import type { Context, ModelOptions } from './context.js'
import { dateOf } from './users.js'

export interface OwnColumns<S> extends ModelOptions {
  readonly create?: ((snapshot: S) => object) | undefined
}

export interface OrganizationsOptions {
  readonly organizations?: OwnColumns<OrganizationSnapshot> | undefined
  readonly memberships?: OwnColumns<MembershipSnapshot> | undefined
  readonly roles?: OwnColumns<RoleSnapshot> | undefined
  readonly invitations?: OwnColumns<InvitationSnapshot> | undefined
}

export function organizationStore<O extends OrganizationRecord, M extends MembershipRecord>(
  { versioned, run, inspect }: Context,
  options: OrganizationsOptions,
): Required<OrganizationStore<O, M> & InspectableStore> & { readonly tables: readonly Versioned[] } {
  const organizations = versioned(ORGANIZATIONS, options.organizations)
  const memberships = versioned(MEMBERSHIPS, options.memberships)
  const roles = versioned(ROLES, options.roles)
  const invitations = versioned(INVITATIONS, options.invitations)
  const asOrganization = (row: Row) => row as unknown as O

  const asMembership = (row: Row) => row as unknown as M
  const asDeletion = (row: Row | null) => row as OrganizationRecord | null

  const answer = async (membership: Row): Promise<M> =>
    withOrganization(asMembership(membership), asDeletion(await organizations.find(String(membership.orgId))))

  /** The roles that count of those with these keys. */
  const rolesOf = async (keys: readonly unknown[]): Promise<ReadonlyMap<unknown, RoleRecord>> => {
    const found = (await inBatches(roles, 'key', keys)) as unknown as RoleRecord[]
    return new Map(
      keys.flatMap((key) => {
        const role = newestRole(found.filter((one) => one.key === key))
        return role === null ? [] : [[key, role] as const]
      }),
    )
  }

  const entitled = (membership: M, known: ReadonlyMap<unknown, RoleRecord>) =>
    withRole(membership, known.get(membership.role) ?? null)

  return {
    tables: [organizations, memberships, roles, invitations],

    findOrganization: (orgId) =>
      run(async () => {
        checkText(orgId, 'orgId')
        const row = await organizations.find(orgId)
        return row && asOrganization(row)
      }),

    applyOrganization: (snapshot) =>
      run(async () => {
        checkOrganization(snapshot)
        const own = () => ownColumns(options.organizations, snapshot)
        const { row, outcome } = await organizations.apply(
          incoming(snapshot, organizationFields(snapshot), NO_ORGANIZATION, own),
        )
        return { organization: asOrganization(row), outcome }
      }),

    removeOrganization: (orgId, at) =>
      run(async () => {
        checkText(orgId, 'orgId')
        checkTime(at, 'at')
        const own = () => ownColumns(options.organizations, emptyOrganization(orgId))
        return asOrganization(await organizations.remove(orgId, new Date(at), { fields: {}, own }))
      }),

    listOrganizations: (page) =>
      run(async () => {
        checkRowPage(page)
        return (await organizations.page(page)).map(asOrganization)
      }),

    unstored: async () => ({
      organizations: organizations.table.unstored,
      memberships: memberships.table.unstored,
      roles: roles.table.unstored,
    }),

    findMembership: (orgId, userId) =>
      run(async () => {
        checkText(orgId, 'orgId')
        checkText(userId, 'userId')
        const [found, organization] = await Promise.all([
          memberships.table.findMany({
            where: { orgId, userId },
            orderBy: [{ createdAt: 'desc' }],
            take: MOST_OF_ONE_MOMENT,
          }),
          organizations.find(orgId),
        ])
        const newest = newestMembership(
          found.filter((row) => row.orgId === orgId && row.userId === userId).map(asMembership),
        )
        if (newest === null) return null
        return withOrganization(entitled(newest, await rolesOf(keysOf([newest]))), asDeletion(organization))
      }),

    applyMembership: (snapshot) =>
      run(async () => {
        checkMembership(snapshot)
        const own = () => ownColumns(options.memberships, snapshot)
        const { row, outcome } = await memberships.apply({
          ...incoming(snapshot, membershipFields(snapshot), EMPTY_MEMBERSHIP, own),
          ...(snapshot.permissions === undefined && { depending: keptPermissions(snapshot) }),
        })
        return { membership: await answer(row), outcome }
      }),

    removeMembership: (reference, at) =>
      run(async () => {
        checkMembershipReference(reference)
        checkTime(at, 'at')
        const identity = identityOf(reference, at)
        const snapshot = emptyMembership(identity)
        const row = await memberships.remove(identity.clerkId, new Date(at), {
          fields: { ...membershipFields(snapshot), ...EMPTY_MEMBERSHIP },
          own: () => ownColumns(options.memberships, snapshot),
        })
        const filled = identityToFill(row, reference)
        if (filled === null) return answer(row)
        const fields = { ...filled, createdAt: new Date(filled.createdAt) }
        const { clerkId } = identity
        // `null`: another writer was first, and what it wrote is as good.
        const written = await memberships.table.update({ clerkId }, { orgId: '' }, fields)
        return answer(written ?? (await memberships.find(clerkId)) ?? row)
      }),

    listMemberships: (of) =>
      run(async () => {
        const [field, id] = membershipKey(of)
        const found = await memberships.table.findMany({ where: { [field]: id, deletedAt: null } })
        const live = found.filter((row) => row[field] === id).map(asMembership)
        const deleted = await deletedAmong(organizations, [...new Set(live.map(({ orgId }) => orgId))])
        const known = await rolesOf(keysOf(live))
        return live
          .filter(({ orgId }) => !deleted.has(orgId))
          .map((membership) => entitled(membership, known))
          .sort(byCreation)
      }),

    findRole: (key) =>
      run(async () => {
        checkText(key, 'key')
        return (await rolesOf([key])).get(key) ?? null
      }),

    listRoles: () =>
      run(
        async () => (await roles.table.findMany({ where: { deletedAt: null } })) as unknown as RoleRecord[],
      ),

    applyRole: (snapshot) =>
      run(async () => {
        checkRole(snapshot)
        const { clerkId, version, key, name, permissions } = snapshot
        const own = () => ownColumns(options.roles, snapshot)
        const { row, outcome } = await roles.apply(
          incoming({ clerkId, version }, { key, name, permissions }, EMPTY_ROLE, own),
        )
        return { role: row as unknown as RoleRecord, outcome }
      }),

    removeRole: (roleId, at) =>
      run(async () => {
        checkText(roleId, 'roleId')
        checkTime(at, 'at')
        const own = () => ownColumns(options.roles, { ...EMPTY_ROLE, clerkId: roleId, key: '', version: 0 })
        return (await roles.remove(roleId, new Date(at), {
          fields: EMPTY_ROLE,
          own,
        })) as unknown as RoleRecord
      }),

    applyInvitation: (snapshot) =>
      run(async () => {
        checkInvitation(snapshot)
        const own = () => ownColumns(options.invitations, snapshot)
        const { row, outcome } = await invitations.apply(
          incoming(snapshot, invitationFields(snapshot), EMPTY_INVITATION, own),
        )
        return { invitation: row as unknown as InvitationRecord, outcome }
      }),

    findInvitation: (invitationId) =>
      run(async () => {
        checkText(invitationId, 'invitationId')
        return (await invitations.find(invitationId)) as InvitationRecord | null
      }),

    ping: () =>
      run(async () => {
        for (const { table } of [organizations, memberships, roles, invitations]) await table.probe()
      }),

    inspect: () =>
      inspect([
        [organizations.table, () => ownColumns(options.organizations, emptyOrganization('org_check'))],
        [memberships.table, () => ownColumns(options.memberships, emptyMembership(CHECKED_MEMBERSHIP))],
        [
          roles.table,
          () => ownColumns(options.roles, { ...EMPTY_ROLE, clerkId: 'role_check', key: '', version: 0 }),
        ],
        [invitations.table, () => ownColumns(options.invitations, CHECKED_INVITATION)],
      ]),
  }
}

/** For what `create` fills: no row is made of them. */
const CHECKED_MEMBERSHIP = { clerkId: 'orgmem_check', orgId: 'org_check', userId: 'user_check', createdAt: 0 }
const CHECKED_INVITATION = {
  clerkId: 'orginv_check',
  orgId: 'org_check',
  email: '',
  status: 'pending',
  version: 0,
}

const IN_ONE_QUERY = 1000

/** Memberships that began in the newest millisecond: which of them counts is not the database's collation to say. */
const MOST_OF_ONE_MOMENT = 10

/** Bounded: every database limits how many parameters a statement has. */
async function inBatches(
  rows: Versioned,
  field: string,
  values: readonly unknown[],
  more: Values = {},
): Promise<Row[]> {
  const found: Row[] = []
  for (let from = 0; from < values.length; from += IN_ONE_QUERY) {
    const where = { [field]: { in: values.slice(from, from + IN_ONE_QUERY) }, ...more }
    found.push(...(await rows.table.findMany({ where })))
  }
  return found
}

async function deletedAmong(organizations: Versioned, orgIds: readonly unknown[]): Promise<Set<unknown>> {
  const deleted = await inBatches(organizations, 'clerkId', orgIds, { deletedAt: { not: null } })
  return new Set(deleted.map(({ clerkId }) => clerkId))
}

/** The roles that some memberships name. */
const keysOf = (memberships: readonly MembershipRecord[]): readonly string[] => [
  ...new Set(memberships.flatMap(({ role }) => role ?? [])),
]

function incoming(
  { clerkId, version, createdAt = null }: Pick<Incoming, 'clerkId' | 'version' | 'createdAt'>,
  fields: Values,
  nothing: Values,
  own: () => Values,
): Incoming {
  return { clerkId, version, createdAt, fields: carried(fields), nothing, own }
}

/** Permissions are kept while the role is the same, which another writer may change in between. */
const keptPermissions =
  (snapshot: MembershipSnapshot) =>
  (known: Row | null): { fields: Values; condition: Values } => {
    const permissions = permissionsToWrite(snapshot, known)
    return permissions === undefined
      ? { fields: {}, condition: { role: snapshot.role } }
      : { fields: { permissions }, condition: {} }
  }

const ownColumns = <S>(options: OwnColumns<S> | undefined, snapshot: S): Values => ({
  ...options?.create?.(snapshot),
})

function organizationFields(snapshot: OrganizationSnapshot): Values {
  const { name, slug, imageUrl, publicMetadata, privateMetadata, membersCount } = snapshot
  const clerkCreatedAt = dateOf(snapshot.createdAt)
  return { name, slug, imageUrl, publicMetadata, privateMetadata, membersCount, clerkCreatedAt }
}

function membershipFields(snapshot: MembershipSnapshot): Values {
  const { orgId, userId, role, permissions, publicMetadata } = snapshot
  return { orgId, userId, role, permissions, publicMetadata, createdAt: new Date(snapshot.createdAt) }
}

function invitationFields(snapshot: InvitationSnapshot): Values {
  const { orgId, email, role, status, publicMetadata } = snapshot
  return { orgId, email, role, status, publicMetadata, expiresAt: dateOf(snapshot.expiresAt) }
}

const { createdAt: clerkCreatedAt, ...withoutTime } = EMPTY_ORGANIZATION
const NO_ORGANIZATION: Values = { ...withoutTime, clerkCreatedAt }

const emptyOrganization = (clerkId: string): OrganizationSnapshot => {
  const { privateMetadata: _, ...nothing } = EMPTY_ORGANIZATION
  return { ...nothing, clerkId, name: '', publicMetadata: {}, updatedAt: null, version: 0 }
}

const emptyMembership = (identity: MembershipIdentity): MembershipSnapshot => ({
  ...identity,
  ...EMPTY_MEMBERSHIP,
  ...{ role: '', publicMetadata: {}, updatedAt: null, version: 0 },
})
