import type {
  InvitationRecord,
  InvitationSnapshot,
  MembershipIdentity,
  MembershipRecord,
  MembershipSnapshot,
  OrganizationRecord,
  OrganizationSnapshot,
  OrganizationStore,
} from '@acme/clerk-core/store'
import type { Row } from '../client/prisma-client.js'
import { INVITATIONS, MEMBERSHIPS, ORGANIZATIONS } from '../table/definitions.js'
import { checkText, checkTime, checkVersion } from '../table/input.js'
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
  readonly invitations?: OwnColumns<InvitationSnapshot> | undefined
}

export function organizationStore<O extends OrganizationRecord, M extends MembershipRecord>(
  { versioned, run }: Context,
  options: OrganizationsOptions,
): Required<OrganizationStore<O, M>> & { readonly tables: readonly Versioned[] } {
  const organizations = versioned(ORGANIZATIONS, options.organizations)
  const memberships = versioned(MEMBERSHIPS, options.memberships)
  const invitations = versioned(INVITATIONS, options.invitations)
  const asOrganization = (row: Row) => row as unknown as O

  /** The deletion of an organisation is that of its memberships: no event has to arrive for each. */
  async function withOrganization(membership: Row): Promise<M> {
    const organization = await organizations.find(String(membership.orgId))
    return merged(membership, organization?.deletedAt ?? null)
  }

  return {
    tables: [organizations, memberships, invitations],

    findOrganization: (orgId) =>
      run(async () => {
        checkText(orgId, 'orgId')
        const row = await organizations.find(orgId)
        return row && asOrganization(row)
      }),

    applyOrganization: (snapshot) =>
      run(async () => {
        const own = () => ownColumns(options.organizations, snapshot)
        const { row, outcome } = await organizations.apply(
          incoming(snapshot, organizationFields(snapshot), own),
        )
        return { organization: asOrganization(row), outcome }
      }),

    removeOrganization: (orgId, at) =>
      run(async () => {
        checkText(orgId, 'orgId')
        checkTime(at, 'at')
        const own = () => ownColumns(options.organizations, emptyOrganization(orgId))
        return asOrganization(
          await organizations.remove(orgId, new Date(at), { fields: {}, whenDeleted: {}, own }),
        )
      }),

    findMembership: (orgId, userId) =>
      run(async () => {
        checkText(orgId, 'orgId')
        checkText(userId, 'userId')
        const [found, organization] = await Promise.all([
          memberships.table.findMany({
            where: { orgId, userId },
            orderBy: [{ createdAt: 'desc' }, { clerkId: 'desc' }],
            take: 1,
          }),
          organizations.find(orgId),
        ])
        const [newest] = found.filter((row) => row.orgId === orgId && row.userId === userId)
        return newest === undefined ? null : merged<M>(newest, organization?.deletedAt ?? null)
      }),

    applyMembership: (snapshot) =>
      run(async () => {
        checkMembership(snapshot)
        const own = () => ownColumns(options.memberships, snapshot)
        const { row, outcome } = await memberships.apply(incoming(snapshot, membershipFields(snapshot), own))
        return { membership: await withOrganization(row), outcome }
      }),

    removeMembership: (identity, at) =>
      run(async () => {
        checkMembership(identity)
        checkTime(at, 'at')
        const snapshot = emptyMembership(identity)
        const row = await memberships.remove(identity.clerkId, new Date(at), {
          fields: { ...membershipFields(snapshot), role: null, publicMetadata: undefined },
          whenDeleted: {},
          own: () => ownColumns(options.memberships, snapshot),
        })
        return withOrganization(row)
      }),

    listMemberships: (of) =>
      run(async () => {
        const [field, id] = 'userId' in of ? (['userId', of.userId] as const) : (['orgId', of.orgId] as const)
        checkText(id, field)
        const found = await memberships.table.findMany({
          where: { [field]: id, deletedAt: null },
          orderBy: [{ createdAt: 'asc' }, { clerkId: 'asc' }],
        })
        const live = found.filter((row) => row[field] === id)
        const orgIds = [...new Set(live.map(({ orgId }) => orgId))]
        const gone = await deletedAmong(organizations, orgIds)
        return live.filter(({ orgId }) => !gone.has(orgId)).map((row) => merged<M>(row, null))
      }),

    applyInvitation: (snapshot) =>
      run(async () => {
        checkText(snapshot.orgId, 'orgId')
        const own = () => ownColumns(options.invitations, snapshot)
        const { row, outcome } = await invitations.apply(incoming(snapshot, invitationFields(snapshot), own))
        return { invitation: row as unknown as InvitationRecord, outcome }
      }),

    findInvitation: (invitationId) =>
      run(async () => {
        checkText(invitationId, 'invitationId')
        return (await invitations.find(invitationId)) as InvitationRecord | null
      }),

    ping: () =>
      run(async () => {
        for (const { table } of [organizations, memberships, invitations]) await table.probe()
      }),
  }
}

const IN_ONE_QUERY = 1000

/** Bounded: every database limits how many parameters a statement has. */
async function deletedAmong(organizations: Versioned, orgIds: readonly unknown[]): Promise<Set<unknown>> {
  const gone = new Set<unknown>()
  for (let from = 0; from < orgIds.length; from += IN_ONE_QUERY) {
    const where = { clerkId: { in: orgIds.slice(from, from + IN_ONE_QUERY) }, deletedAt: { not: null } }
    for (const { clerkId } of await organizations.table.findMany({ where, only: ['clerkId'] }))
      gone.add(clerkId)
  }
  return gone
}

function merged<M>(membership: Row, organizationDeletedAt: unknown): M {
  const times = [membership.deletedAt, organizationDeletedAt].filter((date) => date instanceof Date)
  const deletedAt = times.length === 0 ? null : new Date(Math.min(...times.map(Number)))
  return { ...membership, deletedAt } as M
}

function incoming(
  { clerkId, version, createdAt }: Pick<Incoming, 'clerkId' | 'version' | 'createdAt'>,
  fields: Values,
  own: () => Values,
): Incoming {
  checkText(clerkId, 'clerkId')
  checkVersion(version)
  return { clerkId, version, createdAt, fields, own }
}

const ownColumns = <S>(options: OwnColumns<S> | undefined, snapshot: S): Values => ({
  ...options?.create?.(snapshot),
})

function checkMembership({ clerkId, orgId, userId, createdAt }: MembershipIdentity): void {
  checkText(clerkId, 'clerkId')
  checkText(orgId, 'orgId')
  checkText(userId, 'userId')
  checkTime(createdAt, 'createdAt')
}

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

const emptyOrganization = (clerkId: string): OrganizationSnapshot => ({
  clerkId,
  name: '',
  slug: null,
  imageUrl: null,
  publicMetadata: {},
  membersCount: null,
  createdAt: null,
  updatedAt: null,
  version: 0,
})

const emptyMembership = (identity: MembershipIdentity): MembershipSnapshot => ({
  ...identity,
  role: '',
  permissions: [],
  publicMetadata: {},
  updatedAt: null,
  version: 0,
})
