import type {
  InvitationSnapshot,
  MembershipRecord,
  MembershipSnapshot,
  OrganizationSnapshot,
  RoleSnapshot,
} from '../store/organization.js'

/** What a row has of each snapshot: for `differingFields`. */
export const organizationFields = (snapshot: OrganizationSnapshot) => {
  const { name, slug, imageUrl, publicMetadata, privateMetadata, membersCount } = snapshot
  return { name, slug, imageUrl, publicMetadata, privateMetadata, membersCount }
}

/** Where the role is the newer of both, it says what its members may do. */
export const membershipFields = (
  { role, permissions, publicMetadata }: MembershipSnapshot,
  row: Pick<MembershipRecord, 'permissionsVersion'>,
) => ({
  role,
  publicMetadata,
  ...(row.permissionsVersion === undefined && permissions !== undefined && { permissions }),
})

export const roleFields = ({ key, name, permissions }: RoleSnapshot) => ({ key, name, permissions })

export const invitationFields = ({ email, role, status, publicMetadata }: InvitationSnapshot) => ({
  ...{ email, role, status, publicMetadata },
})
