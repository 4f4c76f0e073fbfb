import { resolveOptions } from '../configure.js'
import type { TokenErrorReason } from '../errors.js'
import { createKeySource, type KeySource } from '../keys/key-source.js'
import type { RemoteKeyTimings } from '../keys/remote-key-source.js'
import type { ClerkEvent } from '../observe/events.js'
import { createObserver } from '../observe/observer.js'
import type { ClerkOptions } from '../options.js'
import { createTokenJudge } from '../tokens/judge.js'
import type { TokenVerdict } from '../tokens/verdict.js'

export const ISSUER = 'https://clerk.example.com'
export const APP = 'https://app.example.com'
/** Seconds; every test starts here. */
export const START = 1_800_000_000

/** The token part of a clerk, with its clock in the test's hand. */
export interface TokenRig {
  readonly keys: KeySource
  readonly events: ClerkEvent[]
  readonly revoked: Set<string>
  /** Milliseconds. */
  now: number
  judge(token: string, context?: { allowMissingAzp: boolean }): Promise<TokenVerdict>
  /** The answer in one word. */
  reason(token: string, context?: { allowMissingAzp: boolean }): Promise<TokenErrorReason | 'accepted'>
  /** Claims of a token that nothing is wrong with, now. */
  claims(changes?: Record<string, unknown>): Record<string, unknown>
  names(): string[]
}

export function createTokenRig(options: Partial<ClerkOptions>, timings: RemoteKeyTimings = {}): TokenRig {
  const events: ClerkEvent[] = []
  const revoked = new Set<string>()
  const rig: TokenRig = {
    events,
    revoked,
    now: START * 1000,
    get keys() {
      return keys
    },
    judge: async (token, context = { allowMissingAzp: resolved.allowMissingAzp }) =>
      judge.judge(token, context),
    reason: async (token, context) => {
      const verdict = await rig.judge(token, context)
      return verdict.ok ? 'accepted' : verdict.error.reason
    },
    claims: (changes = {}) => {
      const now = Math.floor(rig.now / 1000)
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
    now: () => rig.now,
    ...options,
  })
  const observer = createObserver(() => rig.now)
  observer.add((event) => events.push(event))
  const keys = createKeySource(resolved, observer, timings)
  const judge = createTokenJudge(resolved, keys, observer, {
    isRevoked: (sub, sid) => revoked.has(sub) || revoked.has(sid),
  })
  return rig
}
