import type { AnonymousReason, UnavailableReason } from '../../ground/errors.js'
import type { MachineTokenType } from '../machines/machine-types.js'
import type { ClerkOrganizations } from '../organizations/organizations.js'
import type { MembershipRecord, OrganizationRecord } from '../store/organization.js'
import type { UserRecord } from '../store/user.js'
import type { ActorClaim, SessionClaims } from '../tokens/session-claims.js'
import type { LocalAuthJson, MachineAuthJson, NoAuthJson, UserAuthJson } from './auth-json.js'
import type { HasParams } from './has-params.js'
import type { Register, RegisteredLocalUser, RegisteredMembership, RegisteredUser } from './register.js'

export type { MachineTokenType } from '../machines/machine-types.js'

/** `undefined` where no user store is configured (`U` is `never`). The row is the store's, shared by the cache. */
export type LocalRow<U> = [U] extends [never] ? undefined : Readonly<U>

/** A person signed in at Clerk. */
export interface UserAuth<
  U extends UserRecord = UserRecord,
  M extends MembershipRecord = MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
> {
  readonly kind: 'user'
  readonly isAuthenticated: true
  /** Clerk user id. */
  readonly userId: string
  readonly sessionId: string
  /** `pending`: tasks of the session are open. Only where `allowPending` is set, and guards refuse it unless they say so. */
  readonly sessionStatus: 'active' | 'pending'
  readonly orgId: string | null
  readonly orgSlug: string | null
  /** With the `org:` prefix. */
  readonly orgRole: string | null
  readonly orgPermissions: readonly string[]
  /** Who impersonates this user. */
  readonly actor: ActorClaim | null
  /** Verified on this request, or remembered by the application's session. */
  readonly source: 'token' | 'session'
  /**
   * All claims where `source` is `'token'`. Where it is `'session'` only those that `session.keepClaims` names, until
   * window and grace have passed since the token, and else `undefined`: a predicate must not rest on any other claim.
   */
  readonly claims: Readonly<Partial<SessionClaims>> | undefined
  /** The local row. */
  readonly user: LocalRow<U>
  /**
   * The local membership in `orgId`, when an organisation store is configured; `null` where there is no organisation, and
   * where the store does not know it (yet).
   */
  readonly membership: [M] extends [never] ? undefined : Readonly<M> | null
  /** The local row of the organisation `orgId`; `undefined` and `null` as `membership`, and `null` for a deleted one. */
  readonly organization: [M] extends [never] ? undefined : Readonly<O> | null
  /** `X-Organization-Id` names an organisation the user is not in: there is no organisation, and every guard denies. */
  readonly organizationMismatch: boolean
  /** Clerk's authorisation semantics. Never throws. */
  has(params: HasParams): boolean
  /** What `JSON.stringify` writes: `kind` and what `/me` shows. Not enumerable. */
  toJSON(): UserAuthJson
}

/** A program with an API key, an M2M token or an OAuth access token. */
export interface MachineAuth<U extends UserRecord = UserRecord> {
  readonly kind: 'machine'
  readonly isAuthenticated: true
  readonly tokenType: MachineTokenType
  /** Id of the credential at Clerk. */
  readonly id: string
  readonly subject: string
  /** What was granted. Empty for an M2M token: the `scopes` that Clerk writes into it are receivers, see `audience`. */
  readonly scopes: readonly string[]
  /** Custom claims; those of a JWT are all but `iss`, `sub`, `exp`, `nbf`, `iat` and `jti`. */
  readonly claims: Readonly<Record<string, unknown>> | null
  /** For whom it was issued: the receivers of an M2M token (`mch_…`), the `aud` of an OAuth access token. */
  readonly audience: readonly string[]
  /** The OAuth application that it was issued to. */
  readonly clientId: string | null
  /** Who acts for the subject (RFC 8693 §4.1). */
  readonly actor: ActorClaim | null
  /** When it expires, in seconds since 1970; `null`: never. */
  readonly expiresAt: number | null
  /** The machine, when the subject is one. `name` is `null` where the credential does not say it, as M2M tokens do not. */
  readonly machine: { readonly id: string; readonly name: string | null } | null
  /** Scopes that `accept.oauth.scopes` asks of every OAuth token and that this one lacks: then every guard denies. */
  readonly missingScopes: readonly string[]
  /** Clerk user id, when the subject is a user. */
  readonly userId: string | null
  /**
   * Clerk organisation id: the subject's, or the one that `X-Organization-Id` names and the subject's user is a member
   * of.
   */
  readonly orgId: string | null
  /** `X-Organization-Id` names another organisation: there is none, and every guard denies. */
  readonly organizationMismatch: boolean
  /** The local row, when the subject is a user and a user store is configured. */
  readonly user: LocalRow<U> | null
  /** False for every dimension of a person. */
  has(params: HasParams): false
  /** `kind`, `tokenType` and `id`. Not enumerable. */
  toJSON(): MachineAuthJson
}

/** A person the application itself has signed in (hybrid mode). */
export interface LocalAuth {
  readonly kind: 'local'
  readonly isAuthenticated: true
  readonly user: RegisteredLocalUser
  has(params: HasParams): false
  /** `kind` and what `/me` shows. Not enumerable. */
  toJSON(): LocalAuthJson
}

export interface AnonymousAuth {
  readonly kind: 'anonymous'
  readonly isAuthenticated: false
  readonly reason: AnonymousReason
  /** A token was sent and refused (RFC 6750 §3.1 `invalid_token`). */
  readonly tokenRefused: boolean
  has(params: HasParams): false
  /** `kind` and `reason`. Not enumerable. */
  toJSON(): Extract<NoAuthJson, { kind: 'anonymous' }>
}

/** Not known: the keys, Clerk or the store cannot be reached. */
export interface UnavailableAuth {
  readonly kind: 'unavailable'
  readonly isAuthenticated: false
  readonly reason: UnavailableReason
  readonly retryAfterSeconds: number
  has(params: HasParams): false
  /** `kind` and `reason`. Not enumerable. */
  toJSON(): Extract<NoAuthJson, { kind: 'unavailable' }>
}

/**
 * Who is asking. Frozen.
 *
 * A request whose `X-Organization-Id` names an organisation that the user or the key is not in is a `user` or `machine`
 * without organisation; `authorize()` denies it everywhere (`organization-mismatch`).
 */
export type Auth<
  U extends UserRecord = UserRecord,
  M extends MembershipRecord = MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
> = UserAuth<U, M, O> | MachineAuth<U> | LocalAuth | AnonymousAuth | UnavailableAuth

/** The `Auth` of the registered clerk. */
export type RegisteredAuth = Auth<RegisteredUser, RegisteredMembership, RegisteredOrganization>

type RegisteredOrganization = Register extends {
  clerk: { organizations: ClerkOrganizations<infer _, infer O> }
}
  ? O
  : OrganizationRecord
