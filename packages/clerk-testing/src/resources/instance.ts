import type { TestIssuer } from '../issuer/issuer.js'
import type { Given } from '../server/api.js'
import type { OperationId } from '../tables/operations.js'
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
  UserJSON,
} from './json.js'

/** What every stored object has, and whatever else its schema names. */
export interface Entity {
  id: string
  object: string
  created_at: number
  updated_at: number
}
export type Loose = Entity & Record<string, unknown>

export interface StoredMembership
  extends Omit<MembershipJSON, 'organization' | 'public_user_data' | 'permissions' | 'role_name'> {
  organization_id: string
  user_id: string
}
export type StoredApiKey = ApiKeyJSON & { secret: string }
export type StoredM2MToken = M2MTokenJSON & { token: string }
export type StoredOAuthToken = OAuthAccessTokenJSON & { token: string }
export type StoredMachine = Omit<MachineJSON, 'scoped_machines'> & { secret_key: string; scopes: string[] }
export type StoredDomain = OrganizationDomainJSON
export interface Permission extends Entity {
  name: string
  key: string
  description: string
  type: string
}
export interface StoredRole extends Entity {
  name: string
  key: string
  description: string | null
  is_creator_eligible: boolean
  /** Ids. */
  permissions: string[]
}
/** A one-time token that signs a user in: a sign-in token, an actor token, an agent's task. */
export interface Ticket extends Entity {
  user_id: string
  token: string
  status: 'pending' | 'accepted' | 'revoked'
  url: string
  /** Milliseconds. */
  expires_at: number
  actor: Record<string, unknown> | null
}

/** A browser, known by what its `__clerk_db_jwt` cookie holds. */
export interface StoredClient {
  id: string
  browser: string
  /** The session its pages act in; it may have others. */
  session_id: string | null
  /** Seconds of its last sign-in, 0 after a sign-out: `__client_uat`. */
  uat: number
  /** What a page has begun and not ended. */
  sign_in_id: string | null
  sign_up_id: string | null
}

interface Rows {
  users: UserJSON
  /** `email:`, `phone:`, `username:`, `external:`, `web3:` and the value → user id. */
  identifiers: string
  /** Id of an e-mail address or phone number → user id. */
  identifications: string
  /** User id → salted hash, or the digest it was imported with. */
  passwords: string
  sessions: SessionJSON
  clients: StoredClient
  organizations: OrganizationJSON
  memberships: StoredMembership
  organizationInvitations: OrganizationInvitationJSON
  organizationDomains: StoredDomain
  roles: StoredRole
  permissions: Permission
  invitations: InvitationJSON
  tickets: Ticket
  jwtTemplates: JwtTemplateJSON
  apiKeys: StoredApiKey
  machines: StoredMachine
  m2mTokens: StoredM2MToken
  oauthTokens: StoredOAuthToken
  /** Settings of the instance by the name of their schema. */
  settings: Record<string, unknown>
  /** Owner's id → the picture that was uploaded. */
  images: { type: string; base64: string }
}

/** Kinds of which no other file knows the shape. */
const looseTables = [
  'adminPortalLinkTokens',
  'allowlist',
  'billingDiscounts',
  'billingItems',
  'billingPayers',
  'billingPayments',
  'billingPlans',
  'billingPrices',
  'billingStatements',
  'billingSubscriptions',
  'blocklist',
  'directories',
  'directoryMappings',
  'domains',
  'emails',
  'enterpriseConnections',
  'oauthApplications',
  'redirectUrls',
  'roleSets',
  'samlConnections',
  'signIns',
  'signUps',
  'templates',
  'testRuns',
  'trustedDevices',
  'waitlist',
] as const
const ownTables = [
  'users',
  'identifiers',
  'identifications',
  'passwords',
  'sessions',
  'clients',
  'organizations',
  'memberships',
  'organizationInvitations',
  'organizationDomains',
  'roles',
  'permissions',
  'invitations',
  'tickets',
  'jwtTemplates',
  'apiKeys',
  'machines',
  'm2mTokens',
  'oauthTokens',
  'settings',
  'images',
] as const satisfies readonly (keyof Rows)[]

type LooseTable = (typeof looseTables)[number]
/** All that the offline Clerk knows. Plain data: what a snapshot holds. */
export type State = { [K in keyof Rows]: Map<string, Rows[K]> } & { [K in LooseTable]: Map<string, Loose> }
export type TableName = {
  [K in keyof State]: State[K] extends Map<string, Entity> ? K : never
}[keyof State]

export const emptyState = (): State =>
  Object.fromEntries([...ownTables, ...looseTables].map((name) => [name, new Map()])) as unknown as State

/** Key of a permission set: role with the `org:` prefix → permissions. */
export type Roles = Readonly<Record<string, readonly string[]>>

/** What every resource works on. */
export interface Instance {
  state: State
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
  /** Runs an operation of the Backend API, with its checks and events. @throws {BackendError} */
  call<T>(operation: OperationId, given?: Given): T
}

/** Strictly later than the object's last change, also while the clock stands still. */
export function touch(instance: Instance, object: { updated_at: number }): void {
  object.updated_at = Math.max(instance.now(), object.updated_at + 1)
}

export const machineOf = ({ state }: Instance, secret: string): StoredMachine | undefined => {
  for (const machine of state.machines.values()) if (machine.secret_key === secret) return machine
  return undefined
}
