import type { TokenErrorReason } from '../../ground/errors.js'

/** Why a token is refused; an outage of the key set is no such reason. */
export type TokenRefusal = Exclude<TokenErrorReason, 'keys-unavailable'>
