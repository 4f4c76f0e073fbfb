import type { AzpExcuse } from '../tokens/checks.js'
import type { FactorAges } from '../tokens/claim-age.js'
import type { CompactOrganization } from '../tokens/organization-claims.js'
import type { ActorClaim } from '../tokens/session-claims.js'

/**
 * What the application's own session remembers of a verified token: all that `has()` needs, and all that another backend
 * needs to decide whether it would have accepted the token. Plain JSON. Times are seconds.
 */
export interface SessionRecord {
  readonly v: 2
  /** The issuer: the Clerk instance the record belongs to. */
  readonly iss: string
  readonly aud: string | readonly string[] | null
  /** The origin that asked for the token. */
  readonly azp: string | null
  /** Why a missing `azp` was excused; `null` where there is one. */
  readonly azpMissing: AzpExcuse | null
  /** Whether tasks of the session were open. */
  readonly sts: 'active' | 'pending'
  readonly sub: string
  readonly sid: string
  /** When the record was last confirmed, by a token or by Clerk. */
  readonly checkedAt: number
  /** The `iat` of the token it was made from, or when Clerk was asked. Never goes back for one `sid`. */
  readonly asOf: number
  /** The `iat` of the token it was made from: `fva`, `pla`, `fea` and `claims` are as old as this. */
  readonly tokenAt: number
  readonly org: SessionOrganization | null
  /** Plans claim, `u:free,o:pro`. */
  readonly pla: string | null
  /** Features claim. */
  readonly fea: string | null
  /** Minutes since each factor at `tokenAt`, −1 for never; aged by the clock when read. */
  readonly fva: FactorAges | null
  readonly act: ActorClaim | null
  /** The claims that `session.keepClaims` names. */
  readonly claims: Readonly<Record<string, unknown>> | null
  /** Records of other Clerk instances that use the same session. */
  readonly others?: readonly SessionRecord[]
}

export interface SessionOrganization extends CompactOrganization {
  /** Role and permissions are the local store's, not a token's: the store alone speaks for them. */
  readonly fromStore?: true
}
