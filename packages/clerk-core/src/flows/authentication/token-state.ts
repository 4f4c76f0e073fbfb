import type { TokenState } from '../../domain/session/decision.js'
import type { TokenResult } from '../../domain/tokens/token-verifier.js'
import type { Request } from './request.js'

/** What the result of verifying a token means for the request that brought it. */
export function tokenStateOf(
  result: TokenResult,
  { bearer, clientUat }: Pick<Request, 'bearer' | 'clientUat'>,
): TokenState {
  if (result.ok) {
    const { token } = result
    const { sub, sid, iat } = token.claims
    // The browser has signed in or out since this cookie was set (Clerk's `__client_uat`).
    const outdated = bearer === null && clientUat !== null && iat < clientUat
    return outdated
      ? { kind: 'expired-or-outdated', sub, sid, reason: 'cookie-outdated' }
      : { kind: 'valid', token }
  }
  if (result.kind === 'expired') {
    const { sub, sid } = result.claims
    return { kind: 'expired-or-outdated', sub, sid, reason: 'token-expired' }
  }
  return result
}
