import type { TokenState } from '../../domain/session/decide.js'
import type { TokenResult } from '../../domain/tokens/token-verifier.js'
import type { AnonymousReason, TokenErrorReason } from '../../ground/errors.js'
import { RETRY_AFTER_SECONDS } from './auth-factory.js'
import type { Request } from './request.js'

/** OAuth access tokens and M2M tokens can be JWTs, and are only taken in their opaque form. */
export const MACHINE_JWT = 'machine-jwt-not-supported'

export function isMachine(token: TokenState): boolean {
  return token.kind === 'refused' && token.reason === MACHINE_JWT
}

/** What the verdict on a token means for the request that brought it. */
export function tokenStateOf(
  verdict: TokenResult,
  { bearer, clientUat }: Pick<Request, 'bearer' | 'clientUat'>,
): TokenState {
  if (verdict.ok) {
    const { sub, sid, iat } = verdict.token.claims
    // The browser has signed in or out since this cookie was set (Clerk's `__client_uat`).
    if (bearer === null && clientUat !== null && iat < clientUat) {
      return { kind: 'outdated', sub, sid, reason: 'cookie-outdated' }
    }
    return { kind: 'valid', token: verdict.token }
  }
  const { error, expired, foreign, machine, unverifiable } = verdict
  if (machine) return { kind: 'refused', reason: MACHINE_JWT }
  if (foreign) return { kind: 'foreign', reason: refusal(error.reason) }
  if (error.reason === 'keys-unavailable') {
    return {
      kind: 'unverifiable',
      sub: unverifiable?.sub ?? null,
      sid: unverifiable?.sid ?? null,
      retryAfterSeconds: error.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
    }
  }
  if (expired) return { kind: 'outdated', sub: expired.sub, sid: expired.sid, reason: 'token-expired' }
  return { kind: 'refused', reason: refusal(error.reason) }
}

function refusal(reason: TokenErrorReason): AnonymousReason {
  return reason === 'keys-unavailable' ? 'token-malformed' : reason
}
