import { LONGEST_TOKEN_SECONDS } from '../tokens/checks.js'

/**
 * How long a revocation has to be remembered: until every token it concerns has expired, and every session that
 * remembers such a token is past its window and its grace.
 */
export function revocationLifetimeSeconds(session: {
  readonly revalidateAfterSeconds: number
  readonly graceSeconds: number
}): number {
  return LONGEST_TOKEN_SECONDS + session.revalidateAfterSeconds + session.graceSeconds
}
