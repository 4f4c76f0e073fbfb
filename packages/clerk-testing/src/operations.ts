import type { SessionTokenClaims } from './issuer/claims.js'
import type { MintOptions } from './issuer/issuer.js'
import * as billing from './resources/billing.js'
import { createOAuthToken, revokeOAuthToken } from './resources/credentials.js'
import type { Instance } from './resources/instance.js'
import type {
  ApiKeyJSON,
  DeletedJSON,
  IdentifiedJSON,
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
import { getMachine } from './resources/machines.js'
import { acceptOrganizationInvitation } from './resources/organization-invitations.js'
import { getOrganization } from './resources/organizations.js'
import type {
  CreateOrganizationParams,
  CreateUserParams,
  UpdateOrganizationParams,
  UpdateUserParams,
} from './resources/params.js'
import { createSession, endSession, getSession, setActiveOrganization } from './resources/sessions.js'
import { activeOrganization, sessionToken } from './resources/tokens.js'
import { addCredential, type CredentialKind, getUser } from './resources/users.js'
import type { Given } from './server/api.js'
import { notFound } from './server/errors.js'
import { snakeCase } from './snake-case.js'
import type { OperationId } from './tables/operations.js'

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

  /** `status` is `pending` while the user still has a task to do. Default `active`. */
  createSession(
    user: UserRef,
    params?: { organization?: OrganizationRef | null; status?: 'active' | 'pending' },
  ): SessionJSON
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
    /** `jwt` is RFC 9068's form: it cannot be revoked before it expires. Default `opaque`. */
    tokenFormat?: 'opaque' | 'jwt'
    /** For which service (RFC 8707): its `aud`. */
    resource?: string | string[]
    /** Who acts for the user (RFC 8693 `act`). */
    actor?: { sub: string }
  }): OAuthAccessTokenJSON & { token: string }
  revokeOAuthToken(token: string | { readonly id: string }): void

  /** What only a browser and another service could make. `fields` are those of Clerk's object. */
  addCredential(user: UserRef, kind: CredentialKind, fields?: Record<string, unknown>): IdentifiedJSON

  /** A plan of Clerk Billing. There is a free one for users and one for organisations. */
  createPlan(plan: billing.NewPlan): { id: string; slug: string }
  /** What checking out does: payments, `subscription…` events, and from then on `pla` and `fea` in tokens. */
  subscribe(payer: UserRef | OrganizationRef, plan: string, params?: billing.Subscribing): { id: string }
  /** Another payment for a subscription item, as each month. */
  charge(item: string | { readonly id: string }, params?: { fails?: boolean }): { id: string; status: string }
  /** Any other state of a subscription item, with its event. */
  setSubscriptionItem(item: string | { readonly id: string }, status: billing.ItemStatus): { id: string }

  /**
   * Any operation of the Backend API by its id at Clerk, with its checks and events:
   * `call('CreateRedirectURL', { body: { url } })`.
   * @throws {BackendError}
   */
  call<T = unknown>(operation: OperationId, given?: Omit<Given, 'caller'>): T
}

const idOf = (ref: string | { readonly id: string }) => (typeof ref === 'string' ? ref : ref.id)
const copy = <T>(json: T): T => structuredClone(json)

export function createOperations(instance: Instance): Operations {
  const organizationId = (ref: OrganizationRef) => getOrganization(instance, idOf(ref)).id

  // What is handed out is a copy: changing it changes nothing.
  const call = <T>(operation: OperationId, given: Given = {}): T => {
    const answer = instance.call<T>(operation, given)
    return answer instanceof Promise ? (answer.then(copy) as T) : copy(answer)
  }
  const user = <T>(operation: OperationId, ref: UserRef, body?: object) =>
    call<T>(operation, { path: { user_id: idOf(ref) }, body })
  const organization = <T>(operation: OperationId, ref: OrganizationRef, body?: object) =>
    call<T>(operation, { path: { organization_id: idOf(ref) }, body })
  const member = <T>(operation: OperationId, ref: OrganizationRef, of: UserRef, body?: object) =>
    call<T>(operation, { path: { organization_id: idOf(ref), user_id: idOf(of) }, body })

  const sessionOf = (ref: SessionRef): string => {
    const id = idOf(ref)
    if (!id.startsWith('user_')) return id
    const own = [...instance.state.sessions.values()].filter(
      (session) =>
        session.user_id === id && session.status === 'active' && instance.now() < session.expire_at,
    )
    return (own.at(-1) ?? createSession(instance, { userId: id })).id
  }

  const token: Operations['token'] = async (
    of,
    { organization: wanted, azp = new URL(instance.appUrl).origin, claims, options } = {},
  ) => {
    const sessionId = sessionOf(of)
    const active = wanted === undefined ? {} : { organization: membershipClaims(sessionId, wanted) }
    return sessionToken(instance, sessionId, { azp: azp ?? undefined, ...active, ...claims }, options)
  }

  const membershipClaims = (sessionId: string, ref: OrganizationRef | null) => {
    if (ref === null) return null
    const session = getSession(instance, sessionId)
    const claims = activeOrganization(instance, {
      ...session,
      last_active_organization_id: organizationId(ref),
    })
    if (!claims) throw notFound('organization membership')
    return claims
  }

  return {
    createUser: (params = {}) => call('CreateUser', { body: snakeCase(params) }),
    getUser: (ref) => user('GetUser', ref),
    updateUser: (ref, params) => user('UpdateUser', ref, snakeCase(params)),
    updateUserMetadata: (ref, metadata) => user('UpdateUserMetadata', ref, snakeCase(metadata)),
    banUser: (ref) => user('BanUser', ref),
    unbanUser: (ref) => user('UnbanUser', ref),
    deleteUser: (ref) => user('DeleteUser', ref),

    createOrganization: (params) => call('CreateOrganization', { body: snakeCase(params) }),
    getOrganization: (ref) => organization('GetOrganization', ref),
    updateOrganization: (ref, params) => organization('UpdateOrganization', ref, snakeCase(params)),
    deleteOrganization: (ref) => organization('DeleteOrganization', ref),
    addMember: (ref, of, role = 'org:member') =>
      organization('CreateOrganizationMembership', ref, { user_id: idOf(of), role }),
    updateMembership: (ref, of, role) => member('UpdateOrganizationMembership', ref, of, { role }),
    removeMember: (ref, of) => member('DeleteOrganizationMembership', ref, of),
    inviteMember: (ref, emailAddress, role = 'org:member') =>
      organization('CreateOrganizationInvitation', ref, { email_address: emailAddress, role, notify: false }),
    acceptInvitation: (invitation, of) =>
      copy(acceptOrganizationInvitation(instance, idOf(invitation), idOf(of))),

    createSession: (of, { organization: active = null, status } = {}) =>
      copy(
        createSession(instance, {
          userId: idOf(of),
          organizationId: active === null ? null : organizationId(active),
          status,
        }),
      ),
    getSession: (session) => copy(getSession(instance, idOf(session))),
    switchOrganization: (session, ref) =>
      copy(setActiveOrganization(instance, idOf(session), ref === null ? null : organizationId(ref))),
    revokeSession: (session) => copy(endSession(instance, idOf(session), 'revoked')),
    endSession: (session) => copy(endSession(instance, idOf(session), 'ended')),
    token,
    authHeader: async (of, params) => ({ authorization: `Bearer ${await token(of, params)}` }),

    createApiKey: ({ subject, name = 'test key', ...params }) =>
      call('createApiKey', { body: snakeCase({ ...params, name, subject: idOf(subject) }) }),
    createMachine: (params) => call('CreateMachine', { body: snakeCase(params) }),
    createM2MToken: ({ machine, ...params }) =>
      call('createM2MToken', { caller: getMachine(instance, idOf(machine)), body: snakeCase(params) }),
    createOAuthToken: ({ user: of, ...params }) =>
      copy(createOAuthToken(instance, { ...params, subject: idOf(of) })),
    revokeOAuthToken: (ref) => revokeOAuthToken(instance, idOf(ref)),

    addCredential: (of, kind, fields = {}) =>
      copy(addCredential(instance, getUser(instance, idOf(of)), kind, fields)),

    createPlan: (plan) => planRef(billing.createPlan(instance, plan)),
    subscribe: (payer, plan, params = {}) => copy(billing.subscribe(instance, idOf(payer), plan, params)),
    charge: (item, params = {}) => {
      const { id, status } = billing.charge(instance, idOf(item), params)
      return { id, status: String(status) }
    },
    setSubscriptionItem: (item, status) => copy(billing.setItemStatus(instance, idOf(item), status)),
    call,
  }
}

const planRef = ({ id, slug }: { id: string; slug?: unknown }) => ({ id, slug: String(slug) })
