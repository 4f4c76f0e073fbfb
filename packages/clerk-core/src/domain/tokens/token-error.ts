import { CODES } from '../../ground/codes.js'
import { TokenError, type TokenErrorReason } from '../../ground/errors.js'

/** Fixed texts of the table of codes: nothing a client sent, and nothing secret, can reach a log through them. */
export function tokenError(reason: TokenErrorReason, retryAfterSeconds?: number): TokenError {
  const { meaning, remedy } = CODES[reason]
  return new TokenError(
    reason,
    `${meaning} ${remedy}`,
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  )
}
