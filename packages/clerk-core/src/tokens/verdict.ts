import type { TokenError } from '../errors.js'
import type { MaybePromise } from '../maybe-promise.js'
import type { SessionClaims, VerifiedToken } from './session-claims.js'

/** How a token was judged. A value, not an exception: the hot path of a forged-token flood stays cheap. */
export type TokenVerdict =
  | { readonly ok: true; readonly token: VerifiedToken }
  | {
      readonly ok: false
      readonly error: TokenError
      readonly hash: string
      /** Good signature, every other check passed, only expired: a session of the same `sid` may go on. */
      readonly expired?: SessionClaims
      /** Keys cannot be reached: what the token says, unverified. */
      readonly unchecked?: { readonly sub: string; readonly sid: string }
      /** By its own (unverified) word, or its form, not a session token of this instance. */
      readonly foreign: boolean
      /** By its own (unverified) word a machine's JWT (OAuth access token, M2M): refused as `machine-jwt-not-supported`. */
      readonly machine?: boolean
    }

export interface TokenJudge {
  /** `allowMissingAzp`: the option, or the request's own evidence of its origin (cookie and same-origin navigation). */
  judge(token: string, context: { readonly allowMissingAzp: boolean }): MaybePromise<TokenVerdict>
}
