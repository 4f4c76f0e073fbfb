import type {
  InvitationSnapshot,
  MembershipIdentity,
  MembershipSnapshot,
  OrganizationSnapshot,
  RoleSnapshot,
} from '../organization.js'
import { permissionsToWrite } from '../rules/membership.js'
import { EMPTY_MEMBERSHIP, EMPTY_ORGANIZATION, EMPTY_ROLE } from '../rules/tombstone.js'
import { dateOf, type IncomingRow, type RowValues } from './rows.js'

export function organizationFields(snapshot: OrganizationSnapshot): RowValues {
  const { name, slug, imageUrl, publicMetadata, privateMetadata, membersCount } = snapshot
  const clerkCreatedAt = dateOf(snapshot.createdAt)
  return { name, slug, imageUrl, publicMetadata, privateMetadata, membersCount, clerkCreatedAt }
}

export function membershipFields(snapshot: MembershipSnapshot): RowValues {
  const { orgId, userId, role, permissions, publicMetadata } = snapshot
  return { orgId, userId, role, permissions, publicMetadata, createdAt: new Date(snapshot.createdAt) }
}

export const roleFields = ({ key, name, permissions }: RoleSnapshot): RowValues => ({
  key,
  name,
  permissions,
})

export function invitationFields(snapshot: InvitationSnapshot): RowValues {
  const { orgId, email, role, status, publicMetadata } = snapshot
  return { orgId, email, role, status, publicMetadata, expiresAt: dateOf(snapshot.expiresAt) }
}

/** Permissions are kept while the role is the same, which another writer may change in between. */
export const keptPermissions =
  (snapshot: MembershipSnapshot): NonNullable<IncomingRow['depending']> =>
  (known) => {
    const permissions = permissionsToWrite(snapshot, known)
    return permissions === undefined
      ? { fields: {}, condition: { role: snapshot.role } }
      : { fields: { permissions }, condition: {} }
  }

const { createdAt: clerkCreatedAt, ...withoutTime } = EMPTY_ORGANIZATION
export const EMPTY_ORGANIZATION_ROW: RowValues = { ...withoutTime, clerkCreatedAt }

export const emptyOrganization = (clerkId: string): OrganizationSnapshot => {
  const { privateMetadata: _, ...nothing } = EMPTY_ORGANIZATION
  return { ...nothing, clerkId, name: '', publicMetadata: {}, updatedAt: null, version: 0 }
}

export const emptyMembership = (identity: MembershipIdentity): MembershipSnapshot => ({
  ...identity,
  ...EMPTY_MEMBERSHIP,
  ...{ role: '', publicMetadata: {}, updatedAt: null, version: 0 },
})

export const emptyRole = (clerkId: string): RoleSnapshot => ({ ...EMPTY_ROLE, clerkId, key: '', version: 0 })

export const emptyInvitation = (clerkId: string, orgId: string): InvitationSnapshot => ({
  clerkId,
  orgId,
  ...{ email: '', status: 'pending', version: 0 },
})
