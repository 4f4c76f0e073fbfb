import type { TestIssuer } from '../issuer/issuer.js'
import type {
  ApiKeyJSON,
  InvitationJSON,
  JwtTemplateJSON,
  M2MTokenJSON,
  MachineJSON,
  MembershipJSON,
  OAuthAccessTokenJSON,
  OrganizationDomainJSON,
  OrganizationInvitationJSON,
  OrganizationJSON,
  SessionJSON,
  SignInTokenJSON,
  UserJSON,
} from './json.js'

export interface StoredMembership
  extends Omit<MembershipJSON, 'organization' | 'public_user_data' | 'permissions' | 'role_name'> {
  organization_id: string
  user_id: string
}
export type StoredApiKey = ApiKeyJSON & { secret: string }
export type StoredM2MToken = M2MTokenJSON & { token: string }
export type StoredOAuthToken = OAuthAccessTokenJSON & { token: string }
export type StoredMachine = Omit<MachineJSON, 'scoped_machines'> & { secret_key: string; scopes: string[] }

/** A browser, known by what its `__clerk_db_jwt` cookie holds. */
export interface StoredClient {
  id: string
  browser: string
  session_id: string | null
  /** Seconds of its last sign-in, 0 after a sign-out: `__client_uat`. */
  uat: number
}

/** All that the offline Clerk knows. Plain data: what a snapshot holds. */
export interface State {
  users: Map<string, UserJSON>
  /** `email:`, `phone:`, `username:`, `external:` and the value → user id. */
  identifiers: Map<string, string>
  /** Id of an e-mail address or phone number → user id. */
  identifications: Map<string, string>
  /** User id → salted hash, or the digest it was imported with. */
  passwords: Map<string, string>
  sessions: Map<string, SessionJSON>
  clients: Map<string, StoredClient>
  organizations: Map<string, OrganizationJSON>
  memberships: Map<string, StoredMembership>
  organizationInvitations: Map<string, OrganizationInvitationJSON>
  organizationDomains: Map<string, OrganizationDomainJSON>
  invitations: Map<string, InvitationJSON>
  signInTokens: Map<string, SignInTokenJSON>
  jwtTemplates: Map<string, JwtTemplateJSON>
  apiKeys: Map<string, StoredApiKey>
  machines: Map<string, StoredMachine>
  m2mTokens: Map<string, StoredM2MToken>
  oauthTokens: Map<string, StoredOAuthToken>
}

export const emptyState = (): State => ({
  users: new Map(),
  identifiers: new Map(),
  identifications: new Map(),
  passwords: new Map(),
  sessions: new Map(),
  clients: new Map(),
  organizations: new Map(),
  memberships: new Map(),
  organizationInvitations: new Map(),
  organizationDomains: new Map(),
  invitations: new Map(),
  signInTokens: new Map(),
  jwtTemplates: new Map(),
  apiKeys: new Map(),
  machines: new Map(),
  m2mTokens: new Map(),
  oauthTokens: new Map(),
})

/** Key of a permission set: role with the `org:` prefix → permissions. */
export type Roles = Readonly<Record<string, readonly string[]>>

export const defaultRoles: Roles = {
  'org:admin': [
    'org:sys_profile:manage',
    'org:sys_profile:delete',
    'org:sys_memberships:read',
    'org:sys_memberships:manage',
    'org:sys_domains:read',
    'org:sys_domains:manage',
  ],
  'org:member': ['org:sys_memberships:read'],
}

/** What every resource works on. */
export interface Instance {
  state: State
  readonly roles: Roles
  readonly issuer: TestIssuer
  readonly instanceId: string
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** The application: where the pages return to by default, and whose origin tokens name as `azp`. */
  readonly appUrl: string
  /** Claims added to every session token, as the instance's "customise session token" does. */
  readonly sessionClaims: ((user: UserJSON, session: SessionJSON) => Record<string, unknown>) | undefined
  /** Milliseconds. */
  now(): number
  /** Something changed: a webhook is due. The data is copied at once. */
  emit(type: string, data: object): void
}

/** Strictly later than the object's last change, also while the clock stands still. */
export function touch(instance: Instance, object: { updated_at: number }): void {
  object.updated_at = Math.max(instance.now(), object.updated_at + 1)
}
