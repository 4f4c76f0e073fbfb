import type { AnonymousReason } from '../../ground/errors.js'
import type { AzpExcuse } from '../tokens/checks.js'
import type { VerifiedToken } from '../tokens/session-claims.js'
import type { SessionRecord } from './record.js'

/** What is known of the token of a request; a bearer wins over a cookie. */
export type TokenState =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly token: VerifiedToken }
  /** Expired with a good signature, or (cookie) older than `__client_uat`: may still point at the session it came from. */
  | {
      readonly kind: 'expired-or-outdated'
      readonly sub: string
      readonly sid: string
      readonly reason: 'token-expired' | 'cookie-outdated'
    }
  /** The keys cannot be reached. `null` where the token does not even claim a user and a session. */
  | {
      readonly kind: 'unverifiable'
      readonly sub: string | null
      readonly sid: string | null
      readonly retryAfterSeconds: number
    }
  /**
   * According to its unverified claims or its form not a session token of this instance: possibly the application's own
   * bearer.
   */
  | { readonly kind: 'foreign'; readonly reason: AnonymousReason }
  /** According to its unverified claims an OAuth access token or an M2M token, which are taken in their opaque form only. */
  | { readonly kind: 'machine-jwt' }
  | { readonly kind: 'refused'; readonly reason: AnonymousReason }

/** What a request carries, as far as the decision looks at it; nothing here depends on the framework. */
export interface Carried {
  /** The Origin rule fails: an unsafe request with cookies from a page that is not listed. */
  readonly crossSite: boolean
  /** The token came as a bearer. */
  readonly bearer: boolean
  readonly token: TokenState
  /** Why the token may lack `azp`; `null` where it may not. */
  readonly azpExcuse: AzpExcuse | null
  /** `__client_uat` in seconds. */
  readonly clientUat: number | null
  readonly localUser: boolean
}

export interface SessionPolicy {
  readonly revalidateAfterSeconds: number
  readonly graceSeconds: number
  /** Whether this request may leave a record: there is a session, and `remember` allows it. */
  readonly remembers: boolean
  /** Whether the record's session or user has been revoked. */
  readonly revoked: boolean
  /** Whether Clerk can be asked (a secret key is configured). */
  readonly canAskClerk: boolean
  /** The claims that a record keeps. */
  readonly keepClaims: readonly string[]
}

export type SessionEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'refresh'; readonly record: SessionRecord }
  | { readonly kind: 'start'; readonly keep: boolean; readonly record: SessionRecord }

/** What decides about the request, with its data, and what happens to the session. `end`: end the session first. */
export type SessionDecision = { readonly end: boolean } & (
  | { readonly by: 'token'; readonly token: VerifiedToken; readonly session: SessionEffect }
  | { readonly by: 'record'; readonly record: SessionRecord }
  | { readonly by: 'local' }
  /** Ask Clerk about the record's session, then `decideAfterAsking`. */
  | { readonly by: 'clerk'; readonly record: SessionRecord; readonly mayGrace: boolean }
  | { readonly by: 'anonymous'; readonly reason: AnonymousReason }
  | {
      readonly by: 'unavailable'
      readonly reason: 'keys-unavailable' | 'session-unavailable'
      readonly retryAfterSeconds?: number
    }
)

/** What asking Clerk about the session of a record brought. */
export type Revalidation =
  /** The record as it is from now on. */
  | { readonly kind: 'active'; readonly record: SessionRecord }
  /** It lives, but tasks are open, and this backend takes no such session. */
  | { readonly kind: 'pending'; readonly record: SessionRecord }
  | { readonly kind: 'ended' }
  | { readonly kind: 'unreachable' }

/** What a stale record is worth after asking Clerk. */
export type RevalidationDecision =
  /** Clerk has confirmed the session: the record is written. */
  | { readonly by: 'clerk'; readonly record: SessionRecord }
  /** Clerk cannot be reached, and the record is within its grace. */
  | { readonly by: 'record'; readonly record: SessionRecord }
  /** The record is written, and not used here. */
  | { readonly by: 'refused'; readonly record: SessionRecord; readonly reason: 'session-pending' }
  /** The session is ended. */
  | { readonly by: 'anonymous'; readonly reason: 'session-ended' }
  | { readonly by: 'unavailable'; readonly reason: 'clerk-unavailable' }
