import type { TokenError } from '../../ground/errors.js'
import type { Evidence } from '../../ground/observe/explain.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { SessionClaims, VerifiedToken } from './session-claims.js'
import type { TokenRefusal } from './token-refusal.js'
import type { CachedToken } from './verified-token.js'

/**
 * A token that was not accepted, and what is known of it all the same. `hash`: the only form in which it is mentioned.
 * `seen`: what the check that failed has looked at, for the log.
 */
export type RefusedToken = {
  readonly ok: false
  readonly error: TokenError
  readonly hash: string
  readonly seen: Evidence | null
} & (
  | { readonly kind: 'refused'; readonly reason: TokenRefusal }
  /** Good signature, every other check passed, only expired: a session of the same `sid` may go on. */
  | { readonly kind: 'expired'; readonly claims: SessionClaims }
  /** The keys cannot be reached. The ids that the token claims, unverified; `null` where it claims none. */
  | {
      readonly kind: 'unverifiable'
      readonly sub: string | null
      readonly sid: string | null
      readonly retryAfterSeconds: number
    }
  /** According to its unverified claims or its form, not a session token of this instance. */
  | { readonly kind: 'foreign'; readonly reason: TokenRefusal }
  /** According to its unverified claims a machine's JWT (OAuth access token, M2M token). */
  | { readonly kind: 'machine-jwt'; readonly reason: TokenRefusal }
)

/** What became of a token. A value, not an exception: the hot path of a forged-token flood stays cheap. */
export type TokenResult =
  /** `cached`: it had been verified before. */
  { readonly ok: true; readonly token: VerifiedToken; readonly cached: boolean } | RefusedToken

export interface TokenVerifier {
  /** A token that was verified before, by its digest; whether it is still accepted is not said. */
  cached(digest: string): CachedToken | undefined
  /**
   * `allowMissingAzp`: the option, or the request's own evidence of its origin (cookie and same-origin navigation).
   *
   * @param digest of the token, where it has been worked out
   */
  verify(
    token: string,
    context: { readonly allowMissingAzp: boolean },
    digest?: string,
  ): MaybePromise<TokenResult>
}
