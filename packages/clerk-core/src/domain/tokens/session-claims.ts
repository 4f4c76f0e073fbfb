/** Claims of a verified Clerk session token, as they stand in it. Times are seconds. */
export interface SessionClaims {
  readonly iss: string
  /** Clerk user id. */
  readonly sub: string
  /** Clerk session id. */
  readonly sid: string
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  /** Origin that asked for the token; absent on tokens minted by the Backend API and some document navigations. */
  readonly azp?: string
  readonly aud?: string | readonly string[]
  /** Impersonation: who acts as this user. */
  readonly act?: ActorClaim
  /** Minutes since the first and the second factor were verified, −1 for never. */
  readonly fva?: readonly [number, number]
  readonly sts?: 'active' | 'pending'
  readonly v?: number
  readonly [claim: string]: unknown
}

/** RFC 8693 §4.1 `act` claim: the one who impersonates. */
export interface ActorClaim {
  readonly sub: string
  readonly [claim: string]: unknown
}

/** What versions 1 and 2 of the organisation claims say, in one shape. */
export interface OrganizationClaims {
  readonly id: string
  readonly slug: string | null
  /** Always with the `org:` prefix. */
  readonly role: string | null
  /** Decoded, `org:feature:permission`. */
  readonly permissions: readonly string[]
}

/** A token that passed every check, with what is derived from it once. Shared by the cache; its claims are frozen. */
export interface VerifiedToken {
  readonly claims: SessionClaims
  readonly organization: OrganizationClaims | null
  /** SHA-256 of the whole token, base64url: the only form in which a token may be mentioned. */
  readonly hash: string
  /** What the last request with this token was answered. How long it is true is not known here: see `ReadyAuth`. */
  ready?: object | null
}
