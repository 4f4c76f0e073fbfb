import type {
  InboxEvent,
  InvitationSnapshot,
  MembershipSnapshot,
  OrganizationSnapshot,
  UserSnapshot,
} from '@acme/clerk-core/store'

export const T = 1_700_000_000_000
export const DAY = 24 * 3600 * 1000

export const aUser = (fields: Partial<UserSnapshot> = {}): UserSnapshot => ({
  clerkId: 'user_ada',
  email: 'ada@example.com',
  emailVerified: true,
  username: 'ada',
  phone: null,
  firstName: 'Ada',
  lastName: 'Lovelace',
  imageUrl: null,
  externalId: null,
  publicMetadata: { plan: 'free' },
  banned: false,
  deprovisioned: false,
  locked: false,
  createdAt: T,
  updatedAt: T,
  lastSignInAt: T,
  lastActiveAt: null,
  version: T,
  ...fields,
})

export const anOrganization = (fields: Partial<OrganizationSnapshot> = {}): OrganizationSnapshot => ({
  clerkId: 'org_acme',
  name: 'Acme',
  slug: 'acme',
  imageUrl: null,
  publicMetadata: {},
  membersCount: null,
  createdAt: T,
  updatedAt: T,
  version: T,
  ...fields,
})

export const aMembership = (fields: Partial<MembershipSnapshot> = {}): MembershipSnapshot => ({
  clerkId: 'orgmem_1',
  orgId: 'org_acme',
  userId: 'user_ada',
  createdAt: T,
  role: 'org:member',
  permissions: ['org:billing:read'],
  publicMetadata: {},
  updatedAt: T,
  version: T,
  ...fields,
})

export const anInvitation = (fields: Partial<InvitationSnapshot> = {}): InvitationSnapshot => ({
  clerkId: 'orginv_1',
  orgId: 'org_acme',
  email: 'grace@example.com',
  role: 'org:member',
  status: 'pending',
  publicMetadata: {},
  createdAt: T,
  updatedAt: T,
  expiresAt: T + DAY,
  version: T,
  ...fields,
})

export const anEvent = (fields: Partial<InboxEvent> = {}): InboxEvent => ({
  id: 'msg_1',
  type: 'user.updated',
  timestamp: T,
  subjects: ['user_ada'],
  body: '{}',
  ...fields,
})
