// The shapes of Clerk's Backend API (snake case, times in milliseconds), as its official client reads them.

export type Metadata = Record<string, unknown>

export interface VerificationJSON {
  object: string
  status: 'verified' | 'unverified' | 'failed' | 'expired'
  strategy: string
  attempts: number | null
  expire_at: number | null
}

export interface EmailAddressJSON {
  id: string
  object: 'email_address'
  email_address: string
  reserved: boolean
  verification: VerificationJSON | null
  linked_to: { id: string; type: string }[]
  created_at: number
  updated_at: number
}

export interface PhoneNumberJSON {
  id: string
  object: 'phone_number'
  phone_number: string
  reserved_for_second_factor: boolean
  default_second_factor: boolean
  reserved: boolean
  verification: VerificationJSON | null
  linked_to: { id: string; type: string }[]
  backup_codes: string[] | null
  created_at: number
  updated_at: number
}

export interface Web3WalletJSON {
  id: string
  object: 'web3_wallet'
  web3_wallet: string
  verification: VerificationJSON | null
  created_at: number
  updated_at: number
}

/** A credential of a kind that the offline Clerk keeps without using it. */
export interface IdentifiedJSON {
  id: string
  object: string
  [field: string]: unknown
}

export interface UserJSON {
  id: string
  object: 'user'
  username: string | null
  first_name: string | null
  last_name: string | null
  image_url: string
  has_image: boolean
  primary_email_address_id: string | null
  primary_phone_number_id: string | null
  primary_web3_wallet_id: string | null
  password_enabled: boolean
  two_factor_enabled: boolean
  totp_enabled: boolean
  backup_code_enabled: boolean
  email_addresses: EmailAddressJSON[]
  phone_numbers: PhoneNumberJSON[]
  web3_wallets: Web3WalletJSON[]
  passkeys: IdentifiedJSON[]
  external_accounts: IdentifiedJSON[]
  saml_accounts: IdentifiedJSON[]
  enterprise_accounts: IdentifiedJSON[]
  password_last_updated_at: number | null
  public_metadata: Metadata
  private_metadata: Metadata
  unsafe_metadata: Metadata
  external_id: string | null
  last_sign_in_at: number | null
  banned: boolean
  /** A directory (SCIM) has withdrawn the user. */
  deprovisioned: boolean
  locked: boolean
  lockout_expires_in_seconds: number | null
  verification_attempts_remaining: number | null
  created_at: number
  updated_at: number
  last_active_at: number | null
  delete_self_enabled: boolean
  create_organization_enabled: boolean
  create_organizations_limit: number | null
  mfa_enabled_at: number | null
  mfa_disabled_at: number | null
  legal_accepted_at: number | null
  locale: string | null
  profile_image_url: string
  bypass_client_trust?: boolean
}

export type SessionStatus =
  | 'abandoned'
  | 'active'
  | 'ended'
  | 'expired'
  | 'pending'
  | 'removed'
  | 'replaced'
  | 'revoked'

export interface SessionJSON {
  id: string
  object: 'session'
  client_id: string
  user_id: string
  status: SessionStatus
  last_active_organization_id: string | null
  actor: Record<string, unknown> | null
  latest_activity?: Record<string, unknown>
  last_active_at: number
  expire_at: number
  abandon_at: number
  created_at: number
  updated_at: number
}

export interface OrganizationJSON {
  id: string
  object: 'organization'
  name: string
  slug: string
  image_url: string
  has_image: boolean
  members_count?: number
  pending_invitations_count?: number
  max_allowed_memberships: number
  admin_delete_enabled: boolean
  public_metadata: Metadata
  private_metadata: Metadata
  created_by?: string
  role_set_key?: string | null
  created_at: number
  updated_at: number
}

export interface MembershipJSON {
  id: string
  object: 'organization_membership'
  role: string
  role_name: string
  permissions: string[]
  public_metadata: Metadata
  private_metadata: Metadata
  created_at: number
  updated_at: number
  organization: OrganizationJSON
  public_user_data: {
    user_id: string
    identifier: string
    first_name: string | null
    last_name: string | null
    profile_image_url: string
    image_url: string
    has_image: boolean
    username: string | null
    banned: boolean
  }
}

export interface PublicInviterJSON {
  user_id: string
  first_name: string | null
  last_name: string | null
  image_url: string
  has_image: boolean
  identifier: string
}

export interface OrganizationInvitationJSON {
  id: string
  object: 'organization_invitation'
  email_address: string
  role: string
  role_name: string
  organization_id: string
  inviter_id: string | null
  /** Filled in where it is shown. */
  public_inviter_data: PublicInviterJSON | null
  status: 'pending' | 'accepted' | 'revoked' | 'expired'
  public_metadata: Metadata
  private_metadata: Metadata
  url: string | null
  user_id?: string
  created_at: number
  updated_at: number
  expires_at: number
}

export interface DomainVerificationJSON {
  status: string
  strategy: string
  attempts: number | null
  expire_at: number | null
  verified_at: number | null
}

export interface OrganizationDomainJSON {
  id: string
  object: 'organization_domain'
  organization_id: string
  name: string
  enrollment_mode: string
  verification: DomainVerificationJSON | null
  affiliation_verification: DomainVerificationJSON | null
  ownership_verification: DomainVerificationJSON | null
  affiliation_email_address: string | null
  total_pending_invitations: number
  total_pending_suggestions: number
  created_at: number
  updated_at: number
}

export interface InvitationJSON {
  id: string
  object: 'invitation'
  email_address: string
  public_metadata: Metadata
  revoked: boolean
  status: 'pending' | 'accepted' | 'revoked' | 'expired'
  url?: string
  expires_at: number | null
  created_at: number
  updated_at: number
}

export interface SignInTokenJSON {
  id: string
  object: 'sign_in_token'
  user_id: string
  token: string
  status: 'pending' | 'accepted' | 'revoked'
  url: string
  created_at: number
  updated_at: number
}

export interface JwtTemplateJSON {
  id: string
  object: 'jwt_template'
  name: string
  claims: Record<string, unknown>
  lifetime: number
  allowed_clock_skew: number
  custom_signing_key: boolean
  signing_algorithm: string
  created_at: number
  updated_at: number
}

interface MachineCredentialJSON {
  id: string
  subject: string
  scopes: string[]
  claims: Record<string, unknown> | null
  revoked: boolean
  revocation_reason: string | null
  expired: boolean
  /** Milliseconds; null never expires. */
  expiration: number | null
  created_at: number
  updated_at: number
}

export interface ApiKeyJSON extends MachineCredentialJSON {
  object: 'api_key'
  type: string
  name: string
  description: string | null
  created_by: string | null
  last_used_at: number | null
  /** Only in the answer that creates the key. */
  secret?: string
}

export interface M2MTokenJSON extends MachineCredentialJSON {
  object: 'machine_to_machine_token'
  last_used_at: number | null
  /** Only in the answer that creates the token. */
  token?: string
}

export interface OAuthAccessTokenJSON {
  id: string
  object: 'clerk_idp_oauth_access_token'
  client_id: string
  /** Where the client has asked for a token for a service (RFC 8707). */
  aud?: string[]
  /** Where somebody acts for the user (RFC 8693). */
  act?: { sub: string }
  subject: string
  scopes: string[]
  revoked: boolean
  revocation_reason: string | null
  expired: boolean
  expiration: number | null
  created_at: number
  updated_at: number
}

export interface MachineJSON {
  id: string
  object: 'machine'
  name: string
  instance_id: string
  default_token_ttl: number
  scoped_machines: Omit<MachineJSON, 'scoped_machines'>[]
  created_at: number
  updated_at: number
  /** Only in the answer that creates the machine. */
  secret_key?: string
}

export interface DeletedJSON {
  id: string
  object: string
  deleted: true
  slug?: string
  external_id?: string
}

export interface Page<T> {
  data: T[]
  total_count: number
}
