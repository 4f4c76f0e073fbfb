import { TokenError, type TokenErrorReason } from '../../ground/errors.js'

/** Fixed texts: nothing a client sent, and nothing secret, can reach a log through them. Remedies are in docs/tokens.md. */
const MESSAGES: Record<TokenErrorReason, string> = {
  'token-too-large': 'The token is longer than 8 KiB.',
  'token-malformed': 'The token is not a compact JWS of three canonical base64url parts with JSON objects.',
  'token-type-not-allowed': 'The header `typ` is not `JWT`: this is not a session token.',
  'token-category-not-allowed':
    'The header `cat` says this is a JWT template or M2M token, not a session token.',
  'algorithm-not-allowed': 'The header `alg` is not RS256.',
  'critical-header-not-allowed':
    'The header asks for an extension (`crit`, `b64`, `zip`); none is supported.',
  'key-id-missing': 'The header has no `kid` string, so that no key of the key set can be chosen.',
  'key-not-found': 'The key set has no key with this `kid`: another Clerk instance, or a forgery.',
  'signature-invalid': 'The signature does not verify with the key named.',
  'issuer-mismatch': 'The claim `iss` is not the issuer of this Clerk instance.',
  'subject-invalid': 'The claim `sub` is not the id of a user.',
  'session-id-invalid': 'The claim `sid` is missing: a JWT template token cannot sign a user in.',
  'time-claim-invalid': 'The claims `exp`, `iat` and `nbf` must be whole seconds.',
  'lifetime-too-long': 'The token lives longer than 24 hours.',
  'token-expired': 'The token has expired.',
  'token-not-yet-valid': 'The claim `nbf` lies in the future: check the clock of this machine.',
  'token-issued-in-future': 'The claim `iat` lies in the future: check the clock of this machine.',
  'authorized-party-missing':
    'The token has no `azp`. Native apps and tokens minted by the Backend API carry none: set `allowMissingAzp` to accept them.',
  'authorized-party-mismatch': 'The claim `azp` is not one of `authorizedParties`.',
  'audience-mismatch': 'The claim `aud` names none of the configured `audience`.',
  'session-pending': 'The session has open tasks (`sts: pending`); set `allowPending` to accept it.',
  'session-revoked': 'The session or its user has been revoked.',
  'keys-unavailable': 'The key set cannot be fetched, so that nobody knows whether the token is valid.',
}

/** Every reason there is. */
export const TOKEN_ERROR_REASONS = Object.keys(MESSAGES) as readonly TokenErrorReason[]

export function tokenError(reason: TokenErrorReason, retryAfterSeconds?: number): TokenError {
  return new TokenError(
    reason,
    MESSAGES[reason],
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  )
}
