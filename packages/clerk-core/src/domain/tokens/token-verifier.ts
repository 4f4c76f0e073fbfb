import type { TokenError } from '../../ground/errors.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { SessionClaims, VerifiedToken } from './session-claims.js'

/** What became of a token. A value, not an exception: the hot path of a forged-token flood stays cheap. */
export type TokenResult =
  | { readonly ok: true; readonly token: VerifiedToken }
  | {
      readonly ok: false
      readonly error: TokenError
      readonly hash: string
      /** Good signature, every other check passed, only expired: a session of the same `sid` may go on. */
      readonly expired?: SessionClaims
      /** Keys cannot be reached: what the token says, unverified. */
      readonly unverifiable?: { readonly sub: string; readonly sid: string }
      /** According to its unverified claims or its form, not a session token of this instance. */
      readonly foreign: boolean
      /** According to its unverified claims a machine's JWT (OAuth access token, M2M): refused as `machine-jwt-not-supported`. */
      readonly machine?: boolean
    }

export interface TokenVerifier {
  /** `allowMissingAzp`: the option, or the request's own evidence of its origin (cookie and same-origin navigation). */
  verify(token: string, context: { readonly allowMissingAzp: boolean }): MaybePromise<TokenResult>
}
