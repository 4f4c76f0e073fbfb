import type { ActorClaim } from '../tokens/session-claims.js'

/** What the application's own session remembers of a verified token. Plain JSON. Times are seconds. */
export interface SessionRecord {
  readonly v: 1
  /** The Clerk instance (issuer) the record belongs to. */
  readonly instance: string
  readonly sub: string
  readonly sid: string
  /** What the token said of the session. */
  readonly sts: 'active' | 'pending'
  /** When the record was last confirmed, by a token or by Clerk. */
  readonly checkedAt: number
  /** The `iat` of the token it was made from, or when Clerk was asked. Never goes back for one `sid`. */
  readonly asOf: number
  readonly org: SessionOrganization | null
  /** Plans claim, `u:free,o:pro`. */
  readonly pla: string | null
  /** Features claim. */
  readonly fea: string | null
  /** Minutes since each factor at `asOf`, −1 for never; aged by the clock when read. */
  readonly fva: readonly [number, number] | null
  readonly act: ActorClaim | null
}

export interface SessionOrganization {
  readonly id: string
  readonly role: string | null
  readonly slug: string | null
  /** Version 2 tokens: compact permission claims, decoded together with `fea`. */
  readonly per: string | null
  readonly fpm: string | null
  /** Version 1 tokens: the permissions as listed. */
  readonly permissions: readonly string[] | null
}
