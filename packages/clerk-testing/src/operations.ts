import type { SessionTokenClaims } from './issuer/claims.js'
import type { MintOptions } from './issuer/issuer.js'
import { createApiKey } from './resources/api-keys.js'
import type { Instance } from './resources/instance.js'
import { acceptOrganizationInvitation, createOrganizationInvitation } from './resources/invitations.js'
import type {
  ApiKeyJSON,
  DeletedJSON,
  M2MTokenJSON,
  MachineJSON,
  MembershipJSON,
  Metadata,
  OAuthAccessTokenJSON,
  OrganizationInvitationJSON,
  OrganizationJSON,
  SessionJSON,
  UserJSON,
} from './resources/json.js'
import { createM2MToken } from './resources/m2m-tokens.js'
import { createMachine, getMachine, machineJson } from './resources/machines.js'
import { createMembership, deleteMembership, updateMembership } from './resources/memberships.js'
import { createOAuthToken, revokeOAuthToken } from './resources/oauth-tokens.js'
import {
  createOrganization,
  deleteOrganization,
  getOrganization,
  updateOrganization,
} from './resources/organizations.js'
import type {
  CreateOrganizationParams,
  CreateUserParams,
  UpdateOrganizationParams,
  UpdateUserParams,
} from './resources/params.js'
import { createSession, endSession, getSession, setActiveOrganization } from './resources/sessions.js'
import { activeOrganization, sessionToken } from './resources/tokens.js'
import {
  changeUserMetadata,
  createUser,
  deleteUser,
  getUser,
  setBanned,
  updateUser,
} from './resources/users.js'
import { notFound } from './server/errors.js'
import { snakeCase } from './snake-case.js'

/** A user, or the id of one. */
export type UserRef = string | { readonly id: string }
/** An organisation, or its id or slug. */
export type OrganizationRef = string | { readonly id: string }
/** A session, or its id; a user means the user's newest active session, created when there is none. */
export type SessionRef = string | { readonly id: string }

export interface TokenParams {
  /** Active organisation of the token; `null` none. Default: the session's. The user must be a member. */
  organization?: OrganizationRef | null
  /** Origin of the page that asks. Default: that of `appUrl`; `null` leaves it out, as the Backend API does. */
  azp?: string | null
  /** Further claims; each wins. */
  claims?: SessionTokenClaims
  options?: MintOptions
}

/** What a test does at Clerk, without HTTP. Everything emits the webhook that Clerk would; errors are {@link BackendError}s. */
export interface Operations {
  createUser(params?: CreateUserParams): UserJSON
  getUser(user: UserRef): UserJSON
  updateUser(user: UserRef, params: UpdateUserParams): UserJSON
  /** Deep merge; `null` deletes a key. */
  updateUserMetadata(
    user: UserRef,
    metadata: { publicMetadata?: Metadata; privateMetadata?: Metadata; unsafeMetadata?: Metadata },
  ): UserJSON
  banUser(user: UserRef): UserJSON
  unbanUser(user: UserRef): UserJSON
  deleteUser(user: UserRef): DeletedJSON

  createOrganization(params: CreateOrganizationParams): OrganizationJSON
  getOrganization(organization: OrganizationRef): OrganizationJSON
  updateOrganization(organization: OrganizationRef, params: UpdateOrganizationParams): OrganizationJSON
  deleteOrganization(organization: OrganizationRef): DeletedJSON
  /** Default role `org:member`. */
  addMember(organization: OrganizationRef, user: UserRef, role?: string): MembershipJSON
  updateMembership(organization: OrganizationRef, user: UserRef, role: string): MembershipJSON
  removeMember(organization: OrganizationRef, user: UserRef): MembershipJSON
  inviteMember(organization: OrganizationRef, emailAddress: string, role?: string): OrganizationInvitationJSON
  /** What following the link of the invitation does. */
  acceptInvitation(invitation: string | { readonly id: string }, user: UserRef): MembershipJSON

  createSession(user: UserRef, params?: { organization?: OrganizationRef | null }): SessionJSON
  getSession(session: string | { readonly id: string }): SessionJSON
  /** What the organisation switcher does. */
  switchOrganization(
    session: string | { readonly id: string },
    organization: OrganizationRef | null,
  ): SessionJSON
  /** `session.revoked`, as from the dashboard or the Backend API. */
  revokeSession(session: string | { readonly id: string }): SessionJSON
  /** `session.ended`, as when the user signs out. */
  endSession(session: string | { readonly id: string }): SessionJSON
  /** A session token. @throws {BackendError} when the session or its user is not active */
  token(of: SessionRef, params?: TokenParams): Promise<string>
  /** Headers of a signed-in request. */
  authHeader(of: SessionRef, params?: TokenParams): Promise<{ authorization: string }>

  createApiKey(params: {
    subject: UserRef | OrganizationRef
    name?: string
    scopes?: string[]
    claims?: Record<string, unknown>
    secondsUntilExpiration?: number
  }): ApiKeyJSON & { secret: string }
  createMachine(params: { name: string; scopedMachines?: string[] }): MachineJSON & { secret_key: string }
  createM2MToken(params: {
    machine: string | { readonly id: string }
    claims?: Record<string, unknown>
    secondsUntilExpiration?: number
    tokenFormat?: 'opaque' | 'jwt'
  }): Promise<M2MTokenJSON & { token: string }>
  createOAuthToken(params: {
    user: UserRef
    clientId?: string
    scopes?: string[]
    ttlSeconds?: number
  }): OAuthAccessTokenJSON & { token: string }
  revokeOAuthToken(token: string | { readonly id: string }): void
}

const idOf = (ref: string | { readonly id: string }) => (typeof ref === 'string' ? ref : ref.id)
const copy = <T>(json: T): T => structuredClone(json)

export function createOperations(instance: Instance): Operations {
  const organizationId = (ref: OrganizationRef) => getOrganization(instance, idOf(ref)).id

  const sessionOf = (ref: SessionRef): string => {
    const id = idOf(ref)
    if (!id.startsWith('user_')) return id
    const own = [...instance.state.sessions.values()].filter(
      (session) =>
        session.user_id === id && session.status === 'active' && instance.now() < session.expire_at,
    )
    return (own.at(-1) ?? createSession(instance, { user_id: id })).id
  }

  const token: Operations['token'] = async (
    of,
    { organization, azp = new URL(instance.appUrl).origin, claims, options } = {},
  ) => {
    const sessionId = sessionOf(of)
    const wanted =
      organization === undefined ? {} : { organization: membershipClaims(sessionId, organization) }
    return sessionToken(instance, sessionId, { azp: azp ?? undefined, ...wanted, ...claims }, options)
  }

  const membershipClaims = (sessionId: string, organization: OrganizationRef | null) => {
    if (organization === null) return null
    const session = getSession(instance, sessionId)
    const id = organizationId(organization)
    const claims = activeOrganization(instance, { ...session, last_active_organization_id: id })
    if (!claims) throw notFound('organization membership')
    return claims
  }

  return {
    createUser: (params = {}) => copy(createUser(instance, snakeCase(params))),
    getUser: (user) => copy(getUser(instance, idOf(user))),
    updateUser: (user, params) => copy(updateUser(instance, idOf(user), snakeCase(params))),
    updateUserMetadata: (user, metadata) =>
      copy(changeUserMetadata(instance, idOf(user), snakeCase(metadata), 'merge')),
    banUser: (user) => copy(setBanned(instance, idOf(user), true)),
    unbanUser: (user) => copy(setBanned(instance, idOf(user), false)),
    deleteUser: (user) => deleteUser(instance, idOf(user)),

    createOrganization: (params) => copy(createOrganization(instance, snakeCase(params))),
    getOrganization: (organization) => copy(getOrganization(instance, idOf(organization))),
    updateOrganization: (organization, params) =>
      copy(updateOrganization(instance, idOf(organization), snakeCase(params))),
    deleteOrganization: (organization) => deleteOrganization(instance, idOf(organization)),
    addMember: (organization, user, role = 'org:member') =>
      copy(createMembership(instance, organizationId(organization), { user_id: idOf(user), role })),
    updateMembership: (organization, user, role) =>
      copy(updateMembership(instance, organizationId(organization), idOf(user), { role })),
    removeMember: (organization, user) =>
      copy(deleteMembership(instance, organizationId(organization), idOf(user))),
    inviteMember: (organization, emailAddress, role = 'org:member') =>
      copy(
        createOrganizationInvitation(instance, organizationId(organization), {
          email_address: emailAddress,
          role,
        }),
      ),
    acceptInvitation: (invitation, user) =>
      copy(acceptOrganizationInvitation(instance, idOf(invitation), idOf(user))),

    createSession: (user, { organization = null } = {}) =>
      copy(
        createSession(instance, {
          user_id: idOf(user),
          ...(organization === null ? {} : { organization_id: organizationId(organization) }),
        }),
      ),
    getSession: (session) => copy(getSession(instance, idOf(session))),
    switchOrganization: (session, organization) =>
      copy(
        setActiveOrganization(
          instance,
          idOf(session),
          organization === null ? null : organizationId(organization),
        ),
      ),
    revokeSession: (session) => copy(endSession(instance, idOf(session), 'revoked')),
    endSession: (session) => copy(endSession(instance, idOf(session), 'ended')),
    token,
    authHeader: async (of, params) => ({ authorization: `Bearer ${await token(of, params)}` }),

    createApiKey: ({ subject, name = 'test key', ...params }) =>
      copy(createApiKey(instance, snakeCase({ ...params, name, subject: idOf(subject) }))),
    createMachine: (params) => {
      const machine = createMachine(instance, snakeCase(params))
      return copy({ ...machineJson(instance, machine), secret_key: machine.secret_key })
    },
    createM2MToken: async ({ machine, ...params }) =>
      copy(
        (await createM2MToken(
          instance,
          getMachine(instance, idOf(machine)),
          snakeCase(params),
        )) as M2MTokenJSON & {
          token: string
        },
      ),
    createOAuthToken: ({ user, ...params }) =>
      copy(createOAuthToken(instance, { ...params, subject: idOf(user) })),
    revokeOAuthToken: (token) => revokeOAuthToken(instance, idOf(token)),
  }
}
