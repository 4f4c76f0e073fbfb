import type {
  InvitationSnapshot,
  MembershipSnapshot,
  OrganizationSnapshot,
  UserSnapshot,
} from '@acme/clerk-core/store'

export const userSnapshot = (fields: Partial<UserSnapshot> = {}): UserSnapshot => ({
  clerkId: 'user_1',
  email: 'ada@example.com',
  emailVerified: true,
  username: null,
  phone: null,
  firstName: 'Ada',
  lastName: null,
  imageUrl: null,
  externalId: null,
  publicMetadata: {},
  banned: false,
  deprovisioned: false,
  locked: false,
  createdAt: 1000,
  updatedAt: 1000,
  lastSignInAt: null,
  lastActiveAt: null,
  version: 1000,
  ...fields,
})

export const organizationSnapshot = (fields: Partial<OrganizationSnapshot> = {}): OrganizationSnapshot => ({
  clerkId: 'org_1',
  name: 'Acme',
  slug: 'acme',
  imageUrl: null,
  publicMetadata: {},
  membersCount: 1,
  createdAt: 1000,
  updatedAt: 1000,
  version: 1000,
  ...fields,
})

export const membershipSnapshot = (fields: Partial<MembershipSnapshot> = {}): MembershipSnapshot => ({
  clerkId: 'orgmem_1',
  orgId: 'org_1',
  userId: 'user_1',
  role: 'org:member',
  permissions: ['org:read'],
  publicMetadata: {},
  createdAt: 1000,
  updatedAt: 1000,
  version: 1000,
  ...fields,
})

export const invitationSnapshot = (fields: Partial<InvitationSnapshot> = {}): InvitationSnapshot => ({
  clerkId: 'orginv_1',
  orgId: 'org_1',
  email: 'ada@example.com',
  role: 'org:member',
  status: 'pending',
  publicMetadata: {},
  createdAt: 1000,
  expiresAt: 9000,
  version: 1000,
  ...fields,
})
