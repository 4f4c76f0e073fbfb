/** One operation of Clerk's Backend API (https://clerk.com/docs/reference/backend-api). */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Each `{}` takes the next id. */
  readonly path: string
  /** Sending it twice leaves what sending it once leaves: it may be repeated when it is not known whether it arrived. */
  readonly idempotent: boolean
}

const read = (path: string): Operation => ({ method: 'GET', path, idempotent: true })
const patch = (path: string): Operation => ({ method: 'PATCH', path, idempotent: true })
const remove = (path: string): Operation => ({ method: 'DELETE', path, idempotent: true })
/** Sets a state that may be set already. */
const mark = (path: string): Operation => ({ method: 'POST', path, idempotent: true })
/** Makes something new each time. */
const create = (path: string): Operation => ({ method: 'POST', path, idempotent: false })

export const operations = {
  getUser: read('/v1/users/{}'),
  listUsers: read('/v1/users'),
  countUsers: read('/v1/users/count'),
  createUser: create('/v1/users'),
  updateUser: patch('/v1/users/{}'),
  updateUserMetadata: patch('/v1/users/{}/metadata'),
  banUser: mark('/v1/users/{}/ban'),
  unbanUser: mark('/v1/users/{}/unban'),
  lockUser: mark('/v1/users/{}/lock'),
  unlockUser: mark('/v1/users/{}/unlock'),
  deleteUser: remove('/v1/users/{}'),
  listMembershipsOfUser: read('/v1/users/{}/organization_memberships'),

  getOrganization: read('/v1/organizations/{}'),
  listOrganizations: read('/v1/organizations'),
  createOrganization: create('/v1/organizations'),
  updateOrganization: patch('/v1/organizations/{}'),
  deleteOrganization: remove('/v1/organizations/{}'),

  listMemberships: read('/v1/organizations/{}/memberships'),
  listInstanceMemberships: read('/v1/organization_memberships'),
  createMembership: create('/v1/organizations/{}/memberships'),
  updateMembership: patch('/v1/organizations/{}/memberships/{}'),
  deleteMembership: remove('/v1/organizations/{}/memberships/{}'),

  listInvitations: read('/v1/organizations/{}/invitations'),
  createInvitation: create('/v1/organizations/{}/invitations'),
  revokeInvitation: mark('/v1/organizations/{}/invitations/{}/revoke'),

  listRoles: read('/v1/organization_roles'),
  getRole: read('/v1/organization_roles/{}'),

  createEmailAddress: create('/v1/email_addresses'),
  getEmailAddress: read('/v1/email_addresses/{}'),
  updateEmailAddress: patch('/v1/email_addresses/{}'),
  deleteEmailAddress: remove('/v1/email_addresses/{}'),

  createInstanceInvitation: create('/v1/invitations'),
  listInstanceInvitations: read('/v1/invitations'),
  revokeInstanceInvitation: mark('/v1/invitations/{}/revoke'),

  getJwks: read('/v1/jwks'),
  // Clerk stores nothing: a second one stands beside the first.
  createTestingToken: mark('/v1/testing_tokens'),

  getSession: read('/v1/sessions/{}'),
  listSessions: read('/v1/sessions'),
  revokeSession: mark('/v1/sessions/{}/revoke'),
  createSession: create('/v1/sessions'),
  createSessionToken: create('/v1/sessions/{}/tokens'),
  createTemplateToken: create('/v1/sessions/{}/tokens/{}'),
  createSignInToken: create('/v1/sign_in_tokens'),

  // A second one stands beside the first until both expire. Sent with the secret key of a machine.
  createM2MToken: mark('/m2m_tokens'),
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations
