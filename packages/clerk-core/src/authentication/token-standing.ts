import type { AnonymousReason, TokenErrorReason } from '../errors.js'
import type { TokenStanding } from '../session/decide.js'
import type { TokenVerdict } from '../tokens/verdict.js'
import { RETRY_AFTER_SECONDS } from './answers.js'
import type { Request } from './request.js'

/** OAuth access tokens and M2M tokens can be JWTs, and are only taken in their opaque form. */
export const MACHINE_JWT = 'machine-jwt-not-supported'

export function isMachine(token: TokenStanding): boolean {
  return token.kind === 'refused' && token.reason === MACHINE_JWT
}

/** What the verdict on a token means for the request that brought it. */
export function standingOf(
  verdict: TokenVerdict,
  { bearer, clientUat }: Pick<Request, 'bearer' | 'clientUat'>,
): TokenStanding {
  if (verdict.ok) {
    const { sub, sid, iat } = verdict.token.claims
    // The browser has signed in or out since this cookie was set (Clerk's `__client_uat`).
    if (bearer === null && clientUat !== null && iat < clientUat) {
      return { kind: 'lapsed', sub, sid, reason: 'cookie-outdated' }
    }
    return { kind: 'valid', token: verdict.token }
  }
  const { error, expired, foreign, machine, unchecked } = verdict
  if (machine) return { kind: 'refused', reason: MACHINE_JWT }
  if (foreign) return { kind: 'foreign', reason: refusal(error.reason) }
  if (error.reason === 'keys-unavailable') {
    return {
      kind: 'unchecked',
      sub: unchecked?.sub ?? null,
      sid: unchecked?.sid ?? null,
      retryAfterSeconds: error.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
    }
  }
  if (expired) return { kind: 'lapsed', sub: expired.sub, sid: expired.sid, reason: 'token-expired' }
  return { kind: 'refused', reason: refusal(error.reason) }
}

function refusal(reason: TokenErrorReason): AnonymousReason {
  return reason === 'keys-unavailable' ? 'token-malformed' : reason
}
