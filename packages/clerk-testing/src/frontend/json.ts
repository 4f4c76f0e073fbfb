import type { Instance, Loose, StoredMembership } from '../resources/instance.js'
import type {
  OrganizationInvitationJSON,
  OrganizationJSON,
  SessionJSON,
  UserJSON,
} from '../resources/json.js'
import { membershipJson } from '../resources/memberships.js'
import { sessionsOf } from '../resources/sessions.js'
import { sessionToken } from '../resources/tokens.js'
import { identifierOf } from '../resources/user-list.js'
import { projection } from '../server/project.js'
import { schemas } from '../tables/schemas.js'
import type { PageCall } from './operation.js'
import { signInJson } from './sign-in.js'
import { signUpJson } from './sign-up.js'
import { isAbandoned } from './verification.js'

// What a page sees. Each object is made of the fields that are named here: what is stored beside them, as private
// metadata, stays on the server.

const pick = <T extends object, K extends keyof T>(object: T, names: readonly K[]): Pick<T, K> =>
  Object.fromEntries(names.map((name) => [name, object[name]])) as unknown as Pick<T, K>

const userFields = [
  'id',
  'object',
  'username',
  'first_name',
  'last_name',
  'image_url',
  'has_image',
  'primary_email_address_id',
  'primary_phone_number_id',
  'primary_web3_wallet_id',
  'password_enabled',
  'two_factor_enabled',
  'totp_enabled',
  'backup_code_enabled',
  'email_addresses',
  'phone_numbers',
  'web3_wallets',
  'passkeys',
  'external_accounts',
  'saml_accounts',
  'enterprise_accounts',
  'password_last_updated_at',
  'public_metadata',
  'unsafe_metadata',
  'external_id',
  'last_sign_in_at',
  'banned',
  'locked',
  'lockout_expires_in_seconds',
  'verification_attempts_remaining',
  'created_at',
  'updated_at',
  'delete_self_enabled',
  'create_organization_enabled',
  'create_organizations_limit',
  'last_active_at',
  'mfa_enabled_at',
  'mfa_disabled_at',
  'legal_accepted_at',
  'profile_image_url',
] as const satisfies readonly (keyof UserJSON)[]

const organizationFields = [
  'id',
  'object',
  'name',
  'slug',
  'image_url',
  'has_image',
  'max_allowed_memberships',
  'admin_delete_enabled',
  'public_metadata',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof OrganizationJSON)[]

const sessionFields = [
  'id',
  'object',
  'status',
  'expire_at',
  'abandon_at',
  'last_active_at',
  'last_active_organization_id',
  'actor',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof SessionJSON)[]

export function organizationJson({ state }: Instance, organization: OrganizationJSON): object {
  const within = ({ organization_id }: { organization_id: string }) => organization_id === organization.id
  const invited = [...state.organizationInvitations.values()].filter(within)
  return {
    ...pick(organization, organizationFields),
    members_count: [...state.memberships.values()].filter(within).length,
    pending_invitations_count: invited.filter(({ status }) => status === 'pending').length,
  }
}

export function memberJson(instance: Instance, stored: StoredMembership): object {
  const { organization, private_metadata: _, ...membership } = membershipJson(instance, stored)
  return { ...membership, organization: organizationJson(instance, organization) }
}

const invitationFields = [
  'id',
  'object',
  'email_address',
  'role',
  'role_name',
  'organization_id',
  'status',
  'public_metadata',
  'expires_at',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof OrganizationInvitationJSON)[]

/** Without its link, which makes whoever has it a member. */
export function invitationJson({ state }: Instance, invitation: OrganizationInvitationJSON): object {
  const organization = state.organizations.get(invitation.organization_id)
  return {
    ...pick(invitation, invitationFields),
    url: null,
    public_organization_data: organization
      ? pick(organization, ['id', 'name', 'slug', 'image_url', 'has_image'])
      : null,
  }
}

const own = (instance: Instance, user: UserJSON) =>
  [...instance.state.memberships.values()].filter(({ user_id }) => user_id === user.id)

/** What is stored beside a credential, as a provider's token, is no field of its schema. */
const documented = projection(schemas.User ?? {}) as (user: UserJSON) => UserJSON

export const userJson = (instance: Instance, user: UserJSON): object => ({
  ...pick(documented(user), userFields),
  profile_image_id: user.has_image ? user.id : null,
  organization_memberships: own(instance, user).map((stored) => memberJson(instance, stored)),
})

export const publicUserJson = (user: UserJSON): object => ({
  ...pick(user, ['first_name', 'last_name', 'image_url', 'has_image', 'username', 'profile_image_url']),
  identifier: identifierOf(user),
  user_id: user.id,
})

/** With a token for the page that asks, as long as the session and its user are active. */
export async function sessionJson(instance: Instance, session: SessionJSON, azp: string): Promise<object> {
  const user = instance.state.users.get(session.user_id)
  const active = session.status === 'active' && user?.banned === false
  return {
    ...pick(session, sessionFields),
    user: user ? userJson(instance, user) : null,
    public_user_data: user ? publicUserJson(user) : null,
    factor_verification_age: [Math.floor((instance.now() - session.created_at) / 60_000), -1],
    last_active_token: active
      ? { object: 'token', jwt: await sessionToken(instance, session.id, { azp }) }
      : null,
    tasks: session.status === 'pending' ? [{ key: 'choose-organization' }] : null,
  }
}

/** What a page has begun and may go on with. */
function begun(instance: Instance, table: ReadonlyMap<string, Loose>, id: string | null): Loose | undefined {
  const found = table.get(id ?? '')
  return found && !isAbandoned(instance, found) ? found : undefined
}

export async function clientJson({
  instance,
  client,
  origin,
}: Pick<PageCall, 'instance' | 'client' | 'origin'>): Promise<object> {
  const sessions = sessionsOf(instance, client)
  const signIn = begun(instance, instance.state.signIns, client.sign_in_id)
  const signUp = begun(instance, instance.state.signUps, client.sign_up_id)
  return {
    object: 'client',
    id: client.id,
    sessions: await Promise.all(sessions.map((session) => sessionJson(instance, session, origin))),
    sign_in: signIn ? signInJson(instance, signIn) : null,
    sign_up: signUp ? signUpJson(signUp) : null,
    last_active_session_id: client.session_id,
    last_authentication_strategy: null,
    cookie_expires_at: null,
    captcha_bypass: true,
    // Clerk's script writes it to `__client_uat`: no token of the client may be older.
    created_at: sessions[0]?.created_at ?? instance.now(),
    updated_at: client.uat * 1000 || instance.now(),
  }
}
