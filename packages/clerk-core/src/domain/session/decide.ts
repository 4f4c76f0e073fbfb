import type { AnonymousReason, UnavailableReason } from '../../ground/errors.js'
import type { VerifiedToken } from '../tokens/session-claims.js'
import { recordFromToken, saysOtherwise } from './make-record.js'
import type { FoundRecord } from './parse-record.js'
import type { SessionRecord } from './record.js'

/** How the token of a request stands; a bearer wins over a cookie. */
export type TokenState =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly token: VerifiedToken }
  /** Expired with a good signature, or (cookie) older than `__client_uat`: may still point at the session it came from. */
  | {
      readonly kind: 'outdated'
      readonly sub: string
      readonly sid: string
      readonly reason: AnonymousReason
    }
  /** The keys cannot be reached; `null` where the token does not even say whose it is. */
  | {
      readonly kind: 'unverifiable'
      readonly sub: string | null
      readonly sid: string | null
      readonly retryAfterSeconds: number
    }
  /** By its own word or form not a session token of this instance: possibly the application's own bearer. */
  | { readonly kind: 'foreign'; readonly reason: AnonymousReason }
  | { readonly kind: 'refused'; readonly reason: AnonymousReason }

/** What a request carries, judged; nothing here depends on the framework. */
export interface Carried {
  readonly machine: boolean
  /** The Origin rule fails: an unsafe request with cookies from a page that is not listed. */
  readonly crossSite: boolean
  readonly bearer: boolean
  readonly token: TokenState
  /** `__client_uat` in seconds. */
  readonly clientUat: number | null
  readonly localUser: boolean
}

export interface SessionPolicy {
  readonly revalidateAfterSeconds: number
  readonly graceSeconds: number
  /** Whether this request may leave a record: there is a session, and `remember` allows it. */
  readonly remembers: boolean
  /** Whether the record's session or user has been revoked. */
  readonly revoked: boolean
  /** Whether Clerk can be asked (a secret key is configured). */
  readonly canAskClerk: boolean
}

export type SessionEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'refresh'; readonly record: SessionRecord }
  | { readonly kind: 'start'; readonly keep: boolean; readonly record: SessionRecord }

/** Who decides about the request, and what happens to the session. `end`: end the session first. */
export type SessionDecision = { readonly end: boolean } & (
  | { readonly by: 'machine' }
  | { readonly by: 'local' }
  | { readonly by: 'token'; readonly session: SessionEffect }
  | { readonly by: 'record'; readonly record: SessionRecord }
  /** Ask Clerk about the record's session, then {@link decideAfterAsking}. */
  | { readonly by: 'clerk'; readonly record: SessionRecord; readonly mayGrace: boolean }
  | { readonly by: 'anonymous'; readonly reason: AnonymousReason }
  | { readonly by: 'unavailable'; readonly reason: UnavailableReason }
)

interface Situation {
  readonly found: FoundRecord
  readonly record: SessionRecord | null
  readonly carried: Carried
  readonly token: TokenState
  readonly nowSeconds: number
  readonly policy: SessionPolicy
}

interface Rule {
  /** The three columns of the truth table in `docs/sessions.md`. */
  readonly text: readonly [record: string, carries: string, then: string]
  readonly fits: (situation: Situation) => boolean
  readonly decide: (situation: Situation) => SessionDecision
}

const NO_TOKEN: TokenState = { kind: 'none' }
const NO_FOUND: FoundRecord = { record: null, untrusted: false }
const UNTOUCHED: SessionEffect = { kind: 'none' }

/**
 * The truth table. Rows are read from the top; the first that fits decides. Pure: record, what the request carries, the
 * time and the policy in, a decision out.
 */
export const SESSION_RULES: readonly Rule[] = [
  {
    text: ['any', 'a machine credential', 'it alone decides; the session is not touched'],
    fits: ({ carried }) => carried.machine,
    decide: () => ({ by: 'machine', end: false }),
  },
  {
    text: [
      'any',
      'no bearer, and the Origin rule fails',
      'anonymous, whatever `localUser` says; the session is not touched',
    ],
    fits: ({ carried }) => carried.crossSite && !carried.bearer,
    decide: () => anonymous('cross-site-request'),
  },
  {
    text: [
      'any',
      'a bearer, and the Origin rule fails',
      'judge the bearer as with no record and no `localUser`; nothing is written',
    ],
    fits: ({ carried }) => carried.crossSite,
    decide: ({ token }) => withoutSession(token),
  },
  {
    text: ['its session or user is revoked', 'anything', 'end the session, then judge as with no record'],
    fits: ({ record, policy }) => record !== null && policy.revoked,
    decide: (situation) => endedThen(situation, situation.carried),
  },
  {
    text: [
      'any',
      'no valid bearer, and `__client_uat` is 0',
      'end the session if there is a record, then judge as with no record and no cookie token',
    ],
    fits: ({ carried, record, token }) =>
      carried.clientUat === 0 &&
      !(carried.bearer && token.kind === 'valid') &&
      (record !== null || (!carried.bearer && token.kind !== 'none')),
    decide: (situation) => {
      const { carried } = situation
      return endedThen(situation, carried.bearer ? carried : { ...carried, token: NO_TOKEN }, 'signed-out')
    },
  },
  {
    text: ['any', '`localUser`, no bearer', 'local; nothing is written'],
    fits: ({ carried }) => carried.localUser && !carried.bearer,
    decide: () => ({ by: 'local', end: false }),
  },
  {
    text: [
      'any',
      '`localUser`, a bearer',
      'valid: the token; cannot be checked: `unavailable`; not a token of this instance: local; else anonymous; nothing is written',
    ],
    fits: ({ carried }) => carried.localUser,
    decide: ({ token }) => (token.kind === 'foreign' ? { by: 'local', end: false } : withoutSession(token)),
  },
  {
    text: [
      'same user and session',
      'a valid token',
      'the token decides; refresh the record when anything it keeps differs or half the window has passed, never with an older token',
    ],
    fits: ({ record, token }) => token.kind === 'valid' && isOf(record, token.token.claims),
    decide: ({ record, token, nowSeconds, policy }) => ({
      by: 'token',
      end: false,
      session: refreshed(record, token, nowSeconds, policy),
    }),
  },
  {
    text: [
      'none, other user or other session',
      'a valid token',
      'the token decides; new session id (what the session held is kept for the same user or without a record), then write',
    ],
    fits: ({ token }) => token.kind === 'valid',
    decide: ({ found, token, nowSeconds, policy }) => ({
      by: 'token',
      end: false,
      session: started(found, token, nowSeconds, policy),
    }),
  },
  {
    text: ['any other than the token’s own', 'a token that cannot be checked', '`unavailable`'],
    fits: ({ record, token }) => token.kind === 'unverifiable' && !isOf(record, token),
    decide: () => ({ by: 'unavailable', end: false, reason: 'keys-unavailable' }),
  },
  {
    text: [
      'fresh',
      'no token; or one of the record’s user and session that lapsed (expired, or older than `__client_uat`) or cannot be checked',
      'trust the record',
    ],
    fits: (situation) => mayLeanOnRecord(situation) && isFresh(situation),
    decide: ({ record }) => ({ by: 'record', end: false, record: record as SessionRecord }),
  },
  {
    text: [
      'stale',
      'the same',
      'ask Clerk about the session; without a secret key anonymous (`unavailable` where a token could not be checked), the session is not touched',
    ],
    fits: mayLeanOnRecord,
    decide: ({ record, carried, token, policy }) => {
      if (!policy.canAskClerk) {
        return token.kind === 'unverifiable'
          ? { by: 'unavailable', end: false, reason: 'keys-unavailable' }
          : anonymous('session-stale')
      }
      const stale = record as SessionRecord
      return { by: 'clerk', end: false, record: stale, mayGrace: !isOutdated(stale, carried) }
    },
  },
  {
    text: ['any', 'anything else', 'anonymous; the session is not touched'],
    fits: () => true,
    decide: ({ token }) => withoutSession(token),
  },
]

/** Decides who may speak for a request. See the truth table in `docs/sessions.md`. */
export function decideSession(
  found: FoundRecord,
  carried: Carried,
  nowSeconds: number,
  policy: SessionPolicy,
): SessionDecision {
  const situation: Situation = {
    found,
    record: found.record,
    carried,
    token: carried.token,
    nowSeconds,
    policy,
  }
  for (const rule of SESSION_RULES) if (rule.fits(situation)) return rule.decide(situation)
  throw new Error('unreachable: the last rule fits everything')
}

/** What Clerk answered about a session. */
export type ClerkAnswer =
  | { readonly kind: 'active'; readonly record: SessionRecord }
  | { readonly kind: 'ended' }
  | { readonly kind: 'unreachable' }

/** The last rows of the table: what a stale record is worth after asking. An outage never ends a session. */
export function decideAfterAsking(
  answer: ClerkAnswer,
  record: SessionRecord,
  mayGrace: boolean,
  nowSeconds: number,
  { revalidateAfterSeconds, graceSeconds }: SessionPolicy,
): SessionDecision | { readonly by: 'confirmed'; readonly end: false; readonly record: SessionRecord } {
  if (answer.kind === 'active') return { by: 'confirmed', end: false, record: answer.record }
  if (answer.kind === 'ended') return { by: 'anonymous', end: true, reason: 'session-ended' }
  const inGrace = mayGrace && nowSeconds - record.checkedAt < revalidateAfterSeconds + graceSeconds
  return inGrace
    ? { by: 'record', end: false, record }
    : { by: 'unavailable', end: false, reason: 'clerk-unavailable' }
}

function anonymous(reason: AnonymousReason): SessionDecision {
  return { by: 'anonymous', end: false, reason }
}

function withoutSession(token: TokenState): SessionDecision {
  if (token.kind === 'valid') return { by: 'token', end: false, session: UNTOUCHED }
  if (token.kind === 'unverifiable') return { by: 'unavailable', end: false, reason: 'keys-unavailable' }
  return anonymous(token.kind === 'none' ? 'no-credentials' : token.reason)
}

function endedThen(situation: Situation, carried: Carried, otherwise?: AnonymousReason): SessionDecision {
  const next = decideSession(NO_FOUND, carried, situation.nowSeconds, { ...situation.policy, revoked: false })
  const end = situation.record !== null
  if (next.by === 'token' && next.session.kind === 'start' && situation.record !== null) {
    // Should ending it fail, the session still holds what was the other person's.
    const keep = situation.record.sub === next.session.record.sub
    return { ...next, end, session: { ...next.session, keep } }
  }
  if (next.by !== 'anonymous' || next.reason !== 'no-credentials') return { ...next, end }
  return { by: 'anonymous', end, reason: otherwise ?? 'session-revoked' }
}

function isOf(record: SessionRecord | null, token: { sub: string | null; sid: string | null }): boolean {
  return record !== null && record.sub === token.sub && record.sid === token.sid
}

function mayLeanOnRecord({ record, token }: Situation): boolean {
  if (record === null) return false
  return (
    token.kind === 'none' ||
    ((token.kind === 'outdated' || token.kind === 'unverifiable') && isOf(record, token))
  )
}

/** The browser has signed in or out since the record was made: the record cannot know what changed. */
function isOutdated(record: SessionRecord, { clientUat }: Carried): boolean {
  return clientUat !== null && record.asOf < clientUat
}

function isFresh({ record, carried, nowSeconds, policy }: Situation): boolean {
  if (record === null || isOutdated(record, carried)) return false
  return nowSeconds - record.checkedAt < policy.revalidateAfterSeconds
}

function refreshed(
  record: SessionRecord | null,
  token: TokenState,
  nowSeconds: number,
  policy: SessionPolicy,
): SessionEffect {
  if (record === null || token.kind !== 'valid' || !policy.remembers) return UNTOUCHED
  const { iat } = token.token.claims
  // Of two requests in flight the one with the older token must not undo what the newer one wrote.
  if (iat < record.asOf) return UNTOUCHED
  const fresh = recordFromToken(token.token, nowSeconds)
  const halfway = (nowSeconds - record.checkedAt) * 2 >= policy.revalidateAfterSeconds
  return halfway || saysOtherwise(record, fresh) ? { kind: 'refresh', record: fresh } : UNTOUCHED
}

function started(
  { record, untrusted }: FoundRecord,
  token: TokenState,
  nowSeconds: number,
  policy: SessionPolicy,
): SessionEffect {
  if (token.kind !== 'valid' || !policy.remembers) return UNTOUCHED
  const keep = record === null ? !untrusted : record.sub === token.token.claims.sub
  return { kind: 'start', keep, record: recordFromToken(token.token, nowSeconds) }
}
