import type {
  InvitationRecord,
  InvitationSnapshot,
  MembershipRecord,
  MembershipSnapshot,
  OrganizationRecord,
  OrganizationSnapshot,
  OrganizationStore,
  RoleRecord,
  RoleSnapshot,
} from '../organization.js'
import { carried } from '../rules/absence.js'
import { checkRowPage } from '../rules/batch.js'
import {
  checkInvitation,
  checkMembership,
  checkMembershipReference,
  checkOrganization,
  checkRole,
  checkText,
  checkTime,
  membershipKey,
} from '../rules/input.js'
import {
  byCreation,
  identityOf,
  identityToFill,
  newestMembership,
  withOrganization,
} from '../rules/membership.js'
import { newestRole, withRole } from '../rules/role.js'
import { EMPTY_INVITATION, EMPTY_MEMBERSHIP, EMPTY_ROLE } from '../rules/tombstone.js'
import {
  EMPTY_ORGANIZATION_ROW,
  emptyInvitation,
  emptyMembership,
  emptyOrganization,
  emptyRole,
  invitationFields,
  keptPermissions,
  membershipFields,
  organizationFields,
  roleFields,
} from './organization-rows.js'
import {
  type IncomingRow,
  ownColumns,
  type RowCondition,
  type RowValues,
  type StoredRow,
  type TableOf,
  type VersionedRows,
} from './rows.js'

/** What {@link organizationStoreOver} stands on. */
export interface OrganizationTables {
  readonly organizations: TableOf<OrganizationSnapshot>
  readonly memberships: TableOf<MembershipSnapshot>
  readonly roles: TableOf<RoleSnapshot>
  readonly invitations: TableOf<InvitationSnapshot>
  /** Every method that reads or writes runs in it: it may repeat the work, or say an error in other words. */
  run<T>(work: () => Promise<T>): Promise<T>
}

export interface OrganizationStoreOver<O extends OrganizationRecord, M extends MembershipRecord> {
  readonly store: Required<OrganizationStore<O, M>>
  /** For `inspect`, by table: the application's own columns of an invented row, as the store would make it. */
  readonly newRows: { readonly [Table in Exclude<keyof OrganizationTables, 'run'>]: () => RowValues }
}

/**
 * The organisations over four tables of any database: what is asked, written and answered, in which order. How a statement
 * is written is left to the tables.
 */
export function organizationStoreOver<O extends OrganizationRecord, M extends MembershipRecord>(
  tables: OrganizationTables,
): OrganizationStoreOver<O, M> {
  const { run } = tables
  const { rows: organizations } = tables.organizations
  const { rows: memberships } = tables.memberships
  const { rows: roles } = tables.roles
  const { rows: invitations } = tables.invitations

  const asOrganization = (row: StoredRow) => row as unknown as O
  const asMembership = (row: StoredRow) => row as unknown as M
  const asDeletion = (row: StoredRow | null) => row as OrganizationRecord | null
  const asRole = (row: StoredRow) => row as unknown as RoleRecord
  const asInvitation = (row: StoredRow) => row as unknown as InvitationRecord

  const answer = async (row: StoredRow): Promise<M> =>
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
        const row = await organizations.find(orgId)
        return row && asOrganization(row)
      }),

    applyOrganization: (snapshot) =>
      run(async () => {
        checkOrganization(snapshot)
        const { row, outcome } = await organizations.apply(
          incoming(snapshot, organizationFields(snapshot), EMPTY_ORGANIZATION_ROW, tables.organizations),
        )
        return { organization: asOrganization(row), outcome }
      }),

    removeOrganization: (orgId, at) =>
      run(async () => {
        checkText(orgId, 'orgId')
        checkTime(at, 'at')
        const own = ownColumns(tables.organizations, emptyOrganization(orgId))
        return asOrganization(await organizations.remove(orgId, new Date(at), { fields: {}, own }))
      }),

    listOrganizations: (page) =>
      run(async () => {
        checkRowPage(page)
        return (await organizations.page(page)).map(asOrganization)
      }),

    unstored: async () => ({
      organizations: organizations.unstored(),
      memberships: memberships.unstored(),
      roles: roles.unstored(),
    }),

    findMembership: (orgId, userId) =>
      run(async () => {
        checkText(orgId, 'orgId')
        checkText(userId, 'userId')
        const [found, organization] = await Promise.all([
          memberships.findMany({ orgId, userId }, MOST_OF_ONE_MOMENT),
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
          ...incoming(snapshot, membershipFields(snapshot), EMPTY_MEMBERSHIP, tables.memberships),
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
          own: ownColumns(tables.memberships, snapshot),
        })
        const filled = identityToFill(row, reference)
        if (filled === null) return answer(row)
        const { clerkId } = identity
        const fields = { ...filled, createdAt: new Date(filled.createdAt) }
        // `null`: another writer was first, and what it wrote is as good.
        const written = await memberships.update(clerkId, { orgId: '' }, fields)
        return answer(written ?? (await memberships.find(clerkId)) ?? row)
      }),

    listMemberships: (of) =>
      run(async () => {
        const [field, id] = membershipKey(of)
        const found = await memberships.findMany({ [field]: id, deletedAt: null })
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

    listRoles: () => run(async () => (await roles.findMany({ deletedAt: null })).map(asRole)),

    applyRole: (snapshot) =>
      run(async () => {
        checkRole(snapshot)
        const { row, outcome } = await roles.apply(
          incoming(snapshot, roleFields(snapshot), EMPTY_ROLE, tables.roles),
        )
        return { role: asRole(row), outcome }
      }),

    removeRole: (roleId, at) =>
      run(async () => {
        checkText(roleId, 'roleId')
        checkTime(at, 'at')
        const own = ownColumns(tables.roles, emptyRole(roleId))
        return asRole(await roles.remove(roleId, new Date(at), { fields: EMPTY_ROLE, own }))
      }),

    applyInvitation: (snapshot) =>
      run(async () => {
        checkInvitation(snapshot)
        const { row, outcome } = await invitations.apply(
          incoming(snapshot, invitationFields(snapshot), EMPTY_INVITATION, tables.invitations),
        )
        return { invitation: asInvitation(row), outcome }
      }),

    findInvitation: (invitationId) =>
      run(async () => {
        checkText(invitationId, 'invitationId')
        const row = await invitations.find(invitationId)
        return row && asInvitation(row)
      }),

    ping: () =>
      run(async () => {
        for (const rows of [organizations, memberships, roles, invitations]) await rows.probe()
      }),
  }

  const membership = { clerkId: 'orgmem_check', orgId: 'org_check', userId: 'user_check', createdAt: 0 }
  const newRows = {
    organizations: ownColumns(tables.organizations, emptyOrganization('org_check')),
    memberships: ownColumns(tables.memberships, emptyMembership(membership)),
    roles: ownColumns(tables.roles, emptyRole('role_check')),
    invitations: ownColumns(tables.invitations, emptyInvitation('orginv_check', 'org_check')),
  }
  return { store, newRows }
}

const IN_ONE_QUERY = 1000

/** Memberships that began in the newest millisecond: which of them counts is not the database's collation to say. */
const MOST_OF_ONE_MOMENT = 10

/** Bounded: every database limits how many parameters a statement has. */
async function inBatches(
  rows: VersionedRows,
  field: string,
  values: readonly string[],
  more: RowCondition = {},
): Promise<StoredRow[]> {
  const found: StoredRow[] = []
  for (let from = 0; from < values.length; from += IN_ONE_QUERY) {
    const condition = { [field]: { in: values.slice(from, from + IN_ONE_QUERY) }, ...more }
    found.push(...(await rows.findMany(condition)))
  }
  return found
}

async function deletedAmong(
  organizations: VersionedRows,
  orgIds: readonly string[],
): Promise<ReadonlySet<unknown>> {
  const deleted = await inBatches(organizations, 'clerkId', orgIds, { deletedAt: { not: null } })
  return new Set(deleted.map(({ clerkId }) => clerkId))
}

/** The roles that some memberships name. */
const keysOf = (memberships: readonly MembershipRecord[]): readonly string[] => [
  ...new Set(memberships.flatMap(({ role }) => role ?? [])),
]

const incoming = <S extends Pick<IncomingRow, 'clerkId' | 'version' | 'createdAt'>>(
  snapshot: S,
  fields: RowValues,
  nothing: RowValues,
  table: TableOf<S>,
): IncomingRow => {
  const { clerkId, version, createdAt = null } = snapshot
  return { clerkId, version, createdAt, fields: carried(fields), nothing, own: ownColumns(table, snapshot) }
}
