import type {
  InvitationSnapshot,
  MembershipSnapshot,
  OrganizationSnapshot,
  RoleSnapshot,
} from '../store/organization.js'
import type { Json, Metadata, UserSnapshot } from '../store/user.js'

/** A session as Clerk describes it. Times are milliseconds. */
export interface ClerkSession {
  /** `sess_…` */
  readonly id: string
  readonly userId: string
  /** `active` is the only one that signs a user in. */
  readonly status: string
  readonly lastActiveOrganizationId: string | null
  readonly clientId: string | null
  readonly expireAt: number | null
  readonly createdAt: number | null
  readonly updatedAt: number | null
}

/** An e-mail address of a user. Times are milliseconds. */
export interface ClerkEmailAddress {
  /** `idn_…` */
  readonly id: string
  readonly emailAddress: string
  readonly verified: boolean
  readonly createdAt: number | null
  readonly updatedAt: number | null
}

/** An invitation to sign up, to no organisation. Times are milliseconds. */
export interface ClerkInvitation {
  /** `inv_…` */
  readonly id: string
  readonly emailAddress: string
  /** `pending`, `accepted`, `revoked` or `expired`. */
  readonly status: string
  /** Where the invited person signs up; every person who has it may use it. */
  readonly url: string | null
  readonly publicMetadata: Metadata
  readonly expiresAt: number | null
  readonly createdAt: number | null
  readonly updatedAt: number | null
}

/** One page of a list. Clerk knows no cursor: over a set that changes, `each…` reads every row and pages do not. */
export interface PageOptions {
  /** 1–500. Clerk's default is 10. */
  readonly limit?: number
  readonly offset?: number
  /** `+created_at`, `-created_at`, … */
  readonly orderBy?: string
}

/** Private metadata is left out of what is read unless asked for. */
export interface ReadOptions {
  readonly privateMetadata?: boolean
}

/** Times in milliseconds. */
export interface UserFilter {
  readonly userId?: readonly string[]
  readonly externalId?: readonly string[]
  readonly emailAddress?: readonly string[]
  readonly phoneNumber?: readonly string[]
  readonly username?: readonly string[]
  readonly organizationId?: readonly string[]
  readonly query?: string
  readonly createdAtAfter?: number
  readonly createdAtBefore?: number
  readonly lastActiveAtAfter?: number
  readonly lastActiveAtBefore?: number
}

export interface SessionFilter {
  readonly userId?: string
  readonly clientId?: string
  readonly status?: string
}

/** Fields of `POST /v1/users`, in camel case; others that Clerk documents may be given too. */
export interface CreateUserInput extends UpdateUserInput {
  readonly emailAddress?: readonly string[]
  readonly phoneNumber?: readonly string[]
  /** A hash made elsewhere, with the name of its hasher (`bcrypt`, `argon2id`, `pbkdf2_sha256_django`, …). */
  readonly passwordDigest?: string
  readonly passwordHasher?: string
  readonly skipPasswordRequirement?: boolean
  /** ISO 8601. */
  readonly createdAt?: string
}

export interface UpdateUserInput {
  readonly externalId?: string | null
  readonly username?: string | null
  readonly firstName?: string | null
  readonly lastName?: string | null
  readonly password?: string
  readonly skipPasswordChecks?: boolean
  readonly publicMetadata?: Metadata
  readonly privateMetadata?: Metadata
  readonly unsafeMetadata?: Metadata
  readonly [field: string]: Json | undefined
}

/** Merged deeply by Clerk; `null` deletes a key. */
export interface MetadataInput {
  readonly publicMetadata?: Metadata
  readonly privateMetadata?: Metadata
  readonly unsafeMetadata?: Metadata
}

export interface CreateOrganizationInput extends UpdateOrganizationInput {
  readonly name: string
  /** Clerk user id; becomes the organisation's first `org:admin`. */
  readonly createdBy?: string
}

export interface UpdateOrganizationInput {
  readonly name?: string
  readonly slug?: string
  readonly maxAllowedMemberships?: number
  readonly publicMetadata?: Metadata
  readonly privateMetadata?: Metadata
  readonly [field: string]: Json | undefined
}

export interface CreateInvitationInput {
  readonly emailAddress: string
  readonly role: string
  /** Clerk user id. */
  readonly inviterUserId?: string
  readonly redirectUrl?: string
  readonly publicMetadata?: Metadata
  readonly [field: string]: Json | undefined
}

export interface CreateEmailAddressInput extends UpdateEmailAddressInput {
  readonly userId: string
  readonly emailAddress: string
}

export interface UpdateEmailAddressInput {
  /** Whether Clerk is to take the address as verified. */
  readonly verified?: boolean
  /** `true` makes it the user's primary one. */
  readonly primary?: boolean
  readonly notifyPrimaryEmailAddressChanged?: boolean
}

export interface CreateInstanceInvitationInput {
  readonly emailAddress: string
  readonly redirectUrl?: string
  /** Becomes the public metadata of the user who signs up. */
  readonly publicMetadata?: Metadata
  /** 1–365. Clerk's default is 30. */
  readonly expiresInDays?: number
  /** Whether Clerk sends the invitation. Default: true. */
  readonly notify?: boolean
  /** Invites although there is a pending invitation to the address, or a user who has it. */
  readonly ignoreExisting?: boolean
  readonly [field: string]: Json | undefined
}

export interface InstanceInvitationFilter {
  readonly status?: 'pending' | 'accepted' | 'revoked' | 'expired'
  /** An address, or an id. */
  readonly query?: string
}

/**
 * The Backend API operations this project needs. Every call has a timeout and refuses redirects and oversized responses;
 * idempotent ones are repeated a few times after 429, 5xx and broken connections, with jitter and `Retry-After` obeyed.
 *
 * Every method rejects with {@link ClerkApiError} (`status` 0: no usable response), and without a secret key with
 * {@link ConfigurationError}. What is not an id is refused before anything is sent.
 *
 * `each…` reads a whole list, oldest first, at Clerk's page rate; rows created or deleted meanwhile make it neither
 * skip nor repeat any other.
 */
export interface ClerkApi {
  getUser(userId: string, options?: ReadOptions): Promise<UserSnapshot>
  listUsers(filter?: UserFilter, options?: PageOptions & ReadOptions): Promise<readonly UserSnapshot[]>
  eachUser(filter?: UserFilter, options?: ReadOptions): AsyncIterable<UserSnapshot>
  countUsers(filter?: UserFilter): Promise<number>
  createUser(input: CreateUserInput, options?: ReadOptions): Promise<UserSnapshot>
  updateUser(userId: string, input: UpdateUserInput, options?: ReadOptions): Promise<UserSnapshot>
  updateUserMetadata(userId: string, input: MetadataInput, options?: ReadOptions): Promise<UserSnapshot>
  banUser(userId: string, options?: ReadOptions): Promise<UserSnapshot>
  unbanUser(userId: string, options?: ReadOptions): Promise<UserSnapshot>
  lockUser(userId: string, options?: ReadOptions): Promise<UserSnapshot>
  unlockUser(userId: string, options?: ReadOptions): Promise<UserSnapshot>
  deleteUser(userId: string): Promise<void>
  eachMembershipOfUser(userId: string): AsyncIterable<MembershipSnapshot>

  /** By id or slug. */
  getOrganization(idOrSlug: string, options?: ReadOptions): Promise<OrganizationSnapshot>
  listOrganizations(
    filter?: { readonly organizationId?: readonly string[] },
    options?: PageOptions & ReadOptions,
  ): Promise<readonly OrganizationSnapshot[]>
  eachOrganization(options?: ReadOptions): AsyncIterable<OrganizationSnapshot>
  createOrganization(input: CreateOrganizationInput, options?: ReadOptions): Promise<OrganizationSnapshot>
  updateOrganization(
    orgId: string,
    input: UpdateOrganizationInput,
    options?: ReadOptions,
  ): Promise<OrganizationSnapshot>
  deleteOrganization(orgId: string): Promise<void>

  listMemberships(
    orgId: string,
    filter?: { readonly userId?: readonly string[] },
    options?: PageOptions,
  ): Promise<readonly MembershipSnapshot[]>
  eachMembership(orgId: string): AsyncIterable<MembershipSnapshot>
  /** Memberships of the whole instance. */
  eachInstanceMembership(): AsyncIterable<MembershipSnapshot>
  createMembership(orgId: string, input: { userId: string; role: string }): Promise<MembershipSnapshot>
  updateMembership(orgId: string, userId: string, input: { role: string }): Promise<MembershipSnapshot>
  deleteMembership(orgId: string, userId: string): Promise<void>

  eachInvitation(orgId: string): AsyncIterable<InvitationSnapshot>
  createInvitation(orgId: string, input: CreateInvitationInput): Promise<InvitationSnapshot>
  revokeInvitation(
    orgId: string,
    invitationId: string,
    input?: { requestingUserId?: string },
  ): Promise<InvitationSnapshot>

  /** By id (`role_…`). */
  getRole(roleId: string): Promise<RoleSnapshot>
  /** Roles of the whole instance, with their permissions. */
  eachRole(): AsyncIterable<RoleSnapshot>

  /** Adds an address; the user's first one becomes the primary one. */
  createEmailAddress(input: CreateEmailAddressInput): Promise<ClerkEmailAddress>
  getEmailAddress(emailAddressId: string): Promise<ClerkEmailAddress>
  updateEmailAddress(emailAddressId: string, input: UpdateEmailAddressInput): Promise<ClerkEmailAddress>
  /** `updateEmailAddress` with `primary: true`. */
  setPrimaryEmailAddress(emailAddressId: string): Promise<ClerkEmailAddress>
  deleteEmailAddress(emailAddressId: string): Promise<void>

  /** Invites a person to sign up, to no organisation. */
  createInstanceInvitation(input: CreateInstanceInvitationInput): Promise<ClerkInvitation>
  listInstanceInvitations(
    filter?: InstanceInvitationFilter,
    options?: PageOptions,
  ): Promise<readonly ClerkInvitation[]>
  eachInstanceInvitation(filter?: InstanceInvitationFilter): AsyncIterable<ClerkInvitation>
  revokeInstanceInvitation(invitationId: string): Promise<ClerkInvitation>

  /**
   * Lets a browser test pass bot protection: to be sent as `__clerk_testing_token` to the Frontend API. `expiresAt` in
   * milliseconds.
   */
  createTestingToken(): Promise<{ readonly token: string; readonly expiresAt: number }>
  /** The public keys of the instance that the secret key belongs to (RFC 7517). */
  getJwks(): Promise<Metadata>

  getSession(sessionId: string): Promise<ClerkSession>
  listSessions(filter: SessionFilter, options?: PageOptions): Promise<readonly ClerkSession[]>
  revokeSession(sessionId: string): Promise<ClerkSession>
  /** Development and testing: Clerk creates sessions for test users only. */
  createSession(userId: string): Promise<ClerkSession>
  /** A session token; it carries no `azp`. */
  createSessionToken(sessionId: string, options?: { template?: string }): Promise<string>
  /** A ticket that signs the user in once. */
  createSignInToken(
    userId: string,
    options?: { expiresInSeconds?: number },
  ): Promise<{ token: string; url: string | null }>
}
