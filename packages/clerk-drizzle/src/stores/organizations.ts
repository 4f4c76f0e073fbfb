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
import { and, desc, inArray, isNotNull, type SQL } from 'drizzle-orm'
import type { Row, Values } from '../db/queries.js'
import { INVITATIONS, MEMBERSHIPS, ORGANIZATIONS, ROLES } from '../table/definitions.js'
import type { Incoming, Versioned } from '../table/versioned.js'
import type { Context, Inspected, TableOptions } from './context.js'
import { dateOf } from './users.js'

export interface OrganizationsOptions {
  readonly organizations?: TableOptions<OrganizationSnapshot> | undefined
  readonly memberships?: TableOptions<MembershipSnapshot> | undefined
  readonly invitations?: TableOptions<InvitationSnapshot> | undefined
  readonly clerkRoles?: TableOptions<RoleSnapshot> | undefined
}

export function organizationStore<O extends OrganizationRecord, M extends MembershipRecord>(
  { versioned, run }: Context,
  options: OrganizationsOptions,
): { store: Required<OrganizationStore<O, M>>; inspected: Inspected } {
  const organizations = versioned(ORGANIZATIONS)
  const memberships = versioned(MEMBERSHIPS)
  const roles = versioned(ROLES)
  const invitations = versioned(INVITATIONS)

  const asMembership = (row: Row) => row as unknown as M
  const asDeletion = (row: Row | null) => row as OrganizationRecord | null
  const asRole = (row: Row) => row as unknown as RoleRecord

  const answer = async (row: Row): Promise<M> =>
    withOrganization(asMembership(row), asDeletion(await organizations.find(String(row.orgId))))

  /** The roles that count of those with these keys. */
  const rolesOf = async (keys: readonly string[]): Promise<ReadonlyMap<unknown, RoleRecord>> => {
    const found = (await inBatches(roles, 'key', keys)).map(asRole)
    return new Map(
      keys.flatMap((key) => {
        const role = newestRole(found.filter((one) => one.key === key))
        return role === null ? [] : [[key, role] as const]
      }),
    )
  }

  const entitled = (membership: M, known: ReadonlyMap<unknown, RoleRecord>) =>
    withRole(membership, known.get(membership.role) ?? null)

  const store: Required<OrganizationStore<O, M>> = {
    findOrganization: (orgId) =>
      run(async () => {
        checkText(orgId, 'orgId')
        return (await organizations.find(orgId)) as O | null
      }),

    applyOrganization: (snapshot) =>
      run(async () => {
        checkOrganization(snapshot)
        const { row, outcome } = await organizations.apply(
          incoming(snapshot, organizationFields(snapshot), EMPTY_ORGANIZATION_ROW, options.organizations),
        )
        return { organization: row as unknown as O, outcome }
      }),

    removeOrganization: (orgId, at) =>
      run(async () => {
        checkText(orgId, 'orgId')
        checkTime(at, 'at')
        const own = ownColumns(options.organizations, emptyOrganization(orgId))
        return (await organizations.remove(orgId, new Date(at), { fields: {}, own })) as unknown as O
      }),

    listOrganizations: (page) =>
      run(async () => {
        checkRowPage(page)
        return (await organizations.table.page(page.after, page.limit)) as unknown as O[]
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
        const { table } = memberships
        const [found, organization] = await Promise.all([
          table.findMany({
            where: table.where({ orgId, userId }),
            orderBy: [desc(table.column('createdAt'))],
            limit: MOST_OF_ONE_MOMENT,
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
        const { row, outcome } = await memberships.apply({
          ...incoming(snapshot, membershipFields(snapshot), EMPTY_MEMBERSHIP, options.memberships),
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
          own: ownColumns(options.memberships, snapshot),
        })
        const filled = identityToFill(row, reference)
        if (filled === null) return answer(row)
        const { table } = memberships
        const { clerkId } = identity
        // `null`: another writer was first, and what it wrote is as good.
        const written = await table.update(table.where({ clerkId }), table.where({ orgId: '' }), {
          ...filled,
          createdAt: new Date(filled.createdAt),
        })
        return answer(written ?? (await memberships.find(clerkId)) ?? row)
      }),

    listMemberships: (of) =>
      run(async () => {
        const [field, id] = membershipKey(of)
        const { table } = memberships
        const found = await table.findMany({ where: table.where({ [field]: id, deletedAt: null }) })
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
      run(async () => {
        const { table } = roles
        return (await table.findMany({ where: table.where({ deletedAt: null }) })).map(asRole)
      }),

    applyRole: (snapshot) =>
      run(async () => {
        checkRole(snapshot)
        const { clerkId: _, version: __, ...fields } = snapshot
        const { row, outcome } = await roles.apply(incoming(snapshot, fields, EMPTY_ROLE, options.clerkRoles))
        return { role: asRole(row), outcome }
      }),

    removeRole: (roleId, at) =>
      run(async () => {
        checkText(roleId, 'roleId')
        checkTime(at, 'at')
        const own = ownColumns(options.clerkRoles, emptyRole(roleId))
        return asRole(await roles.remove(roleId, new Date(at), { fields: EMPTY_ROLE, own }))
      }),

    applyInvitation: (snapshot) =>
      run(async () => {
        checkInvitation(snapshot)
        const { row, outcome } = await invitations.apply(
          incoming(snapshot, invitationFields(snapshot), EMPTY_INVITATION, options.invitations),
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
  }

  const inspected: Inspected = [
    [organizations.table, ownColumns(options.organizations, emptyOrganization('org_check'))],
    [memberships.table, ownColumns(options.memberships, emptyMembership(CHECKED_MEMBERSHIP))],
    [roles.table, ownColumns(options.clerkRoles, emptyRole('role_check'))],
    [invitations.table, ownColumns(options.invitations, CHECKED_INVITATION)],
  ]
  return { store, inspected }
}

/** For what `create` fills: no row is made of them. */
const CHECKED_MEMBERSHIP = { clerkId: 'orgmem_check', orgId: 'org_check', userId: 'user_check', createdAt: 0 }
const CHECKED_INVITATION: InvitationSnapshot = {
  ...{ clerkId: 'orginv_check', orgId: 'org_check', email: '', status: 'pending', version: 0 },
}

const IN_ONE_QUERY = 1000

/** Memberships that began in the newest millisecond: which of them counts is not the database's collation to say. */
const MOST_OF_ONE_MOMENT = 10

/** Bounded: every database limits how many parameters a statement has. */
async function inBatches(
  { table }: Versioned,
  field: string,
  values: readonly string[],
  more?: SQL,
): Promise<Row[]> {
  const found: Row[] = []
  for (let from = 0; from < values.length; from += IN_ONE_QUERY) {
    const some = inArray(table.column(field), values.slice(from, from + IN_ONE_QUERY))
    found.push(...(await table.findMany({ where: and(some, more) })))
  }
  return found
}

async function deletedAmong(organizations: Versioned, orgIds: readonly string[]): Promise<Set<unknown>> {
  const isDeleted = isNotNull(organizations.table.column('deletedAt'))
  const deleted = await inBatches(organizations, 'clerkId', orgIds, isDeleted)
  return new Set(deleted.map(({ clerkId }) => clerkId))
}

/** The roles that some memberships name. */
const keysOf = (memberships: readonly MembershipRecord[]): readonly string[] => [
  ...new Set(memberships.flatMap(({ role }) => role ?? [])),
]

const incoming = <S extends Pick<Incoming, 'clerkId' | 'version' | 'createdAt'>>(
  snapshot: S,
  fields: Values,
  nothing: Values,
  options: TableOptions<S> | undefined,
): Incoming => ({
  ...{ clerkId: snapshot.clerkId, version: snapshot.version, createdAt: snapshot.createdAt ?? null },
  ...{ fields: carried(fields), nothing, own: ownColumns(options, snapshot) },
})

/** Permissions are kept while the role is the same, which another writer may change in between. */
const keptPermissions =
  (snapshot: MembershipSnapshot) =>
  (known: Row | null): { fields: Values; condition: Values } => {
    const permissions = permissionsToWrite(snapshot, known)
    return permissions === undefined
      ? { fields: {}, condition: { role: snapshot.role } }
      : { fields: { permissions }, condition: {} }
  }

const ownColumns =
  <S>(options: TableOptions<S> | undefined, snapshot: S) =>
  (): Values => ({ ...options?.create?.(snapshot) })

const organizationFields = ({
  clerkId: _,
  version: __,
  createdAt,
  ...fields
}: OrganizationSnapshot): Values => ({
  ...fields,
  clerkCreatedAt: dateOf(createdAt),
})

const membershipFields = ({ clerkId: _, version: __, createdAt, ...fields }: MembershipSnapshot): Values => ({
  ...fields,
  createdAt: new Date(createdAt),
})

const invitationFields = ({ clerkId: _, version: __, expiresAt, ...fields }: InvitationSnapshot): Values => ({
  ...fields,
  expiresAt: dateOf(expiresAt),
})

const { createdAt: clerkCreatedAt, ...withoutTime } = EMPTY_ORGANIZATION
const EMPTY_ORGANIZATION_ROW: Values = { ...withoutTime, clerkCreatedAt }

const emptyOrganization = (clerkId: string): OrganizationSnapshot => {
  const { privateMetadata: _, ...nothing } = EMPTY_ORGANIZATION
  return { ...nothing, clerkId, name: '', publicMetadata: {}, updatedAt: null, version: 0 }
}

const emptyMembership = (identity: MembershipIdentity): MembershipSnapshot => ({
  ...identity,
  ...EMPTY_MEMBERSHIP,
  ...{ role: '', publicMetadata: {}, updatedAt: null, version: 0 },
})

const emptyRole = (clerkId: string): RoleSnapshot => ({ ...EMPTY_ROLE, clerkId, key: '', version: 0 })
