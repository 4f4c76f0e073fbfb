import { resolveOptions } from '../src/configure.js'
import { createKeySource } from '../src/domain/keys/create-key-source.js'
import type { KeySource } from '../src/domain/keys/key-source.js'
import type { RemoteKeySettings } from '../src/domain/keys/remote-key-source.js'
import type { TokenResult } from '../src/domain/tokens/token-verifier.js'
import { createTokenVerifier } from '../src/domain/tokens/verify-token.js'
import type { TokenErrorReason } from '../src/ground/errors.js'
import type { ClerkEvent } from '../src/ground/observe/events.js'
import { createObserver } from '../src/ground/observe/observer.js'
import type { ClerkOptions } from '../src/options.js'

export const ISSUER = 'https://clerk.example.com'
export const APP = 'https://app.example.com'
/** Seconds; every test starts here. */
export const START = 1_800_000_000

/** The token part of a clerk, with its clock in the test's hand. */
export interface TokenHarness {
  readonly keys: KeySource
  readonly events: ClerkEvent[]
  readonly revoked: Set<string>
  /** Milliseconds. */
  now: number
  verify(token: string, context?: { allowMissingAzp: boolean }): Promise<TokenResult>
  /** The answer in one word. */
  reason(token: string, context?: { allowMissingAzp: boolean }): Promise<TokenErrorReason | 'accepted'>
  /** Claims of a token that nothing is wrong with, now. */
  claims(changes?: Record<string, unknown>): Record<string, unknown>
  names(): string[]
}

export function createTokenHarness(
  options: Partial<ClerkOptions>,
  timings: RemoteKeySettings = {},
): TokenHarness {
  const events: ClerkEvent[] = []
  const revoked = new Set<string>()
  const harness: TokenHarness = {
    events,
    revoked,
    now: START * 1000,
    get keys() {
      return keys
    },
    verify: async (token, context = { allowMissingAzp: resolved.allowMissingAzp }) =>
      tokens.verify(token, context),
    reason: async (token, context) => {
      const result = await harness.verify(token, context)
      return result.ok ? 'accepted' : result.error.reason
    },
    claims: (changes = {}) => {
      const now = Math.floor(harness.now / 1000)
      const good = {
        iss: ISSUER,
        azp: APP,
        sub: 'user_1',
        sid: 'sess_1',
        iat: now,
        nbf: now,
        exp: now + 60,
        jti: 'jti_1',
        v: 2,
        fva: [0, -1],
        sts: 'active',
      }
      return { ...good, ...changes }
    },
    names: () => events.map(({ name }) => name),
  }
  const resolved = resolveOptions({
    issuer: ISSUER,
    authorizedParties: [APP],
    now: () => harness.now,
    ...options,
  })
  const observer = createObserver(() => harness.now)
  observer.add((event) => events.push(event))
  const keys = createKeySource(resolved, observer, timings)
  const tokens = createTokenVerifier(resolved, keys, observer, {
    isRevoked: (sub, sid) => revoked.has(sub) || revoked.has(sid),
  })
  return harness
}
