import type { AnonymousReason } from '../../ground/errors.js'
import type { VerifiedToken } from '../tokens/session-claims.js'
import type {
  Carried,
  Revalidation,
  RevalidationDecision,
  SessionDecision,
  SessionEffect,
  SessionPolicy,
  TokenState,
} from './decision.js'
import { recordFromToken, saysOtherwise } from './make-record.js'
import { canBeRead, type FoundRecord, NO_RECORD } from './parse-record.js'
import type { SessionRecord } from './record.js'

export interface Situation {
  readonly found: FoundRecord
  readonly carried: Carried
  readonly nowSeconds: number
  readonly policy: SessionPolicy
}

export interface Rule {
  /** The three columns of the truth table in `docs/sessions.md`. */
  readonly text: readonly [record: string, carries: string, then: string]
  /** `null` where the row does not fit. */
  readonly decide: (situation: Situation) => SessionDecision | null
}

const NO_TOKEN: TokenState = { kind: 'none' }
const UNTOUCHED: SessionEffect = { kind: 'none' }
const LOCAL: SessionDecision = { by: 'local', end: false }

/**
 * The truth table. Rows are read from the top; the first that fits decides. Pure: record, what the request carries, the
 * time and the policy in, a decision out.
 */
export const SESSION_RULES: readonly Rule[] = [
  {
    text: ['any', 'a machine credential', 'it alone decides; the session is not touched'],
    decide: ({ carried: { bearer, token } }) =>
      bearer && token.kind === 'machine-jwt' ? withoutSession(token) : null,
  },
  {
    text: [
      'any',
      'no bearer, and the Origin rule fails',
      'anonymous, whatever `localUser` says; the session is not touched',
    ],
    decide: ({ carried }) => (carried.crossSite && !carried.bearer ? anonymous('cross-site-request') : null),
  },
  {
    text: [
      'any',
      'a bearer, and the Origin rule fails',
      'decide as with no record and no `localUser`; nothing is written',
    ],
    decide: ({ carried }) => (carried.crossSite ? withoutSession(carried.token) : null),
  },
  {
    text: ['its session or user is revoked', 'anything', 'end the session, then decide as with no record'],
    decide: (situation) =>
      situation.found.record !== null && situation.policy.revoked
        ? endedThen(situation, situation.carried, 'session-revoked')
        : null,
  },
  {
    text: [
      'any',
      'no valid bearer, and `__client_uat` is 0',
      'end the session if there is a record, then decide as with no record and no cookie token',
    ],
    decide: (situation) => {
      const { carried, found } = situation
      const { bearer, token } = carried
      if (carried.clientUat !== 0 || (bearer && token.kind === 'valid')) return null
      if (found.record === null && (bearer || token.kind === 'none')) return null
      return endedThen(situation, bearer ? carried : { ...carried, token: NO_TOKEN }, 'signed-out')
    },
  },
  {
    text: ['any', '`localUser`, no bearer', 'local; nothing is written'],
    decide: ({ carried }) => (carried.localUser && !carried.bearer ? LOCAL : null),
  },
  {
    text: [
      'any',
      '`localUser`, a bearer',
      'valid: the token; cannot be verified: `unavailable`; not a token of this instance: local; else anonymous; nothing is written',
    ],
    decide: ({ carried: { localUser, token } }) => {
      if (!localUser) return null
      return token.kind === 'foreign' ? LOCAL : withoutSession(token)
    },
  },
  {
    text: [
      'another request has moved the session to a new id, or it cannot be read',
      'a valid token',
      'the token decides; nothing is written',
    ],
    decide: ({ found, carried: { token } }) =>
      found.absent !== undefined && token.kind === 'valid' ? withoutSession(token) : null,
  },
  {
    text: ['cannot be read', 'anything else', '`unavailable`'],
    decide: ({ found }) =>
      found.absent === 'unreadable' ? { by: 'unavailable', end: false, reason: 'session-unavailable' } : null,
  },
  {
    text: [
      'same user and session',
      'a valid token',
      'the token decides; refresh the record when anything it keeps differs or half the window has passed, never with an older token',
    ],
    decide: (situation) => {
      const { found, carried } = situation
      const { token } = carried
      return token.kind === 'valid' && found.record !== null && isOf(found.record, token.token.claims)
        ? byToken(token.token, refreshed(found.record, token.token, situation))
        : null
    },
  },
  {
    text: [
      'none, other user or other session',
      'a valid token',
      'the token decides; new session id (what the session held is kept for the same user or without a record), then write',
    ],
    decide: (situation) => {
      const { token } = situation.carried
      return token.kind === 'valid' ? byToken(token.token, started(token.token, situation)) : null
    },
  },
  {
    text: ['any other than the token’s own', 'a token that cannot be verified', '`unavailable`'],
    decide: ({ found: { record }, carried: { token } }) =>
      token.kind === 'unverifiable' && (record === null || !isOf(record, token)) ? unavailable(token) : null,
  },
  {
    text: [
      'one whose token this backend would have refused',
      'no token; or one of the record’s user and session that is expired, older than `__client_uat`, or cannot be verified',
      'anonymous (`unavailable` where a token could not be verified); the session is not touched',
    ],
    decide: (situation) => {
      const { refusal } = situation.found
      if (refusal === null || recordToFallBackOn(situation) === null) return null
      const { token } = situation.carried
      return token.kind === 'unverifiable' ? unavailable(token) : anonymous(refusal)
    },
  },
  {
    text: ['fresh', 'the same', 'trust the record'],
    decide: (situation) => {
      const record = recordToFallBackOn(situation)
      return record !== null && isFresh(record, situation) ? { by: 'record', end: false, record } : null
    },
  },
  {
    text: [
      'stale',
      'the same',
      'ask Clerk about the session; without a secret key anonymous (`unavailable` where a token could not be verified), the session is not touched',
    ],
    decide: (situation) => {
      const record = recordToFallBackOn(situation)
      if (record === null) return null
      const { carried, policy } = situation
      if (policy.canAskClerk)
        return { by: 'clerk', end: false, record, mayGrace: !isOutdated(record, carried) }
      return carried.token.kind === 'unverifiable' ? unavailable(carried.token) : anonymous('session-stale')
    },
  },
  {
    text: ['any', 'anything else', 'anonymous; the session is not touched'],
    decide: ({ carried }) => withoutSession(carried.token),
  },
]

/** Decides what may speak for a request. See the truth table in `docs/sessions.md`. */
export function decideSession(
  found: FoundRecord,
  carried: Carried,
  nowSeconds: number,
  policy: SessionPolicy,
): SessionDecision {
  const situation: Situation = { found, carried, nowSeconds, policy }
  for (const rule of SESSION_RULES) {
    const decision = rule.decide(situation)
    if (decision !== null) return decision
  }
  throw new Error('unreachable: the last rule fits everything')
}

/** The last rows of the table: what a stale record is worth after asking. An outage never ends a session. */
export function decideAfterAsking(
  revalidation: Revalidation,
  { record, mayGrace }: Pick<Extract<SessionDecision, { by: 'clerk' }>, 'record' | 'mayGrace'>,
  nowSeconds: number,
  { revalidateAfterSeconds, graceSeconds }: Pick<SessionPolicy, 'revalidateAfterSeconds' | 'graceSeconds'>,
): RevalidationDecision {
  if (revalidation.kind === 'active') return { by: 'clerk', record: revalidation.record }
  if (revalidation.kind === 'pending') {
    return { by: 'refused', record: revalidation.record, reason: 'session-pending' }
  }
  if (revalidation.kind === 'ended') return { by: 'anonymous', reason: 'session-ended' }
  const inGrace = mayGrace && nowSeconds - record.checkedAt < revalidateAfterSeconds + graceSeconds
  return inGrace ? { by: 'record', record } : { by: 'unavailable', reason: 'clerk-unavailable' }
}

function anonymous(reason: AnonymousReason): SessionDecision {
  return { by: 'anonymous', end: false, reason }
}

function unavailable({ retryAfterSeconds }: { readonly retryAfterSeconds: number }): SessionDecision {
  return { by: 'unavailable', end: false, reason: 'keys-unavailable', retryAfterSeconds }
}

function byToken(token: VerifiedToken, session: SessionEffect): SessionDecision {
  return { by: 'token', end: false, token, session }
}

function withoutSession(token: TokenState): SessionDecision {
  switch (token.kind) {
    case 'valid':
      return byToken(token.token, UNTOUCHED)
    case 'unverifiable':
      return unavailable(token)
    case 'machine-jwt':
      return anonymous('machine-jwt-not-accepted')
    case 'none':
      return anonymous('no-credentials')
    default:
      return anonymous(token.reason)
  }
}

/** @param reason of a request that carries nothing besides the session that ended */
function endedThen(situation: Situation, carried: Carried, reason: AnonymousReason): SessionDecision {
  const { found, nowSeconds, policy } = situation
  const { record } = found
  const next = decideSession(NO_RECORD, carried, nowSeconds, { ...policy, revoked: false })
  const end = record !== null
  if (next.by === 'token' && next.session.kind === 'start' && record !== null) {
    // Should ending it fail, the session still holds what was the other person's.
    const keep = record.sub === next.session.record.sub
    return { ...next, end, session: { ...next.session, keep } }
  }
  if (next.by !== 'anonymous' || next.reason !== 'no-credentials') return { ...next, end }
  return { by: 'anonymous', end, reason }
}

function isOf(record: SessionRecord, token: { sub: string | null; sid: string | null }): boolean {
  return record.sub === token.sub && record.sid === token.sid
}

/** The record, where no token speaks for another session or against this one. */
function recordToFallBackOn({ found: { record }, carried: { token } }: Situation): SessionRecord | null {
  if (record === null) return null
  if (token.kind === 'none') return record
  const pointsAt = token.kind === 'expired-or-outdated' || token.kind === 'unverifiable'
  return pointsAt && isOf(record, token) ? record : null
}

/** The browser has signed in or out since the record was made: the record cannot know what changed. */
function isOutdated(record: SessionRecord, { clientUat }: Carried): boolean {
  return clientUat !== null && record.asOf < clientUat
}

function isFresh(record: SessionRecord, { carried, nowSeconds, policy }: Situation): boolean {
  return !isOutdated(record, carried) && nowSeconds - record.checkedAt < policy.revalidateAfterSeconds
}

function refreshed(record: SessionRecord, token: VerifiedToken, situation: Situation): SessionEffect {
  const { nowSeconds, policy } = situation
  // Of two requests in flight the one with the older token must not undo what the newer one wrote.
  if (!policy.remembers || token.claims.iat < record.asOf) return UNTOUCHED
  const fresh = recordOf(token, situation)
  const halfway = (nowSeconds - record.checkedAt) * 2 >= policy.revalidateAfterSeconds
  const due = halfway || saysOtherwise(record, fresh)
  return due && canBeRead(fresh) ? { kind: 'refresh', record: fresh } : UNTOUCHED
}

function started(token: VerifiedToken, situation: Situation): SessionEffect {
  const { record, untrusted } = situation.found
  if (!situation.policy.remembers) return UNTOUCHED
  const fresh = recordOf(token, situation)
  const keep = record === null ? !untrusted : record.sub === token.claims.sub
  return canBeRead(fresh) ? { kind: 'start', keep, record: fresh } : UNTOUCHED
}

function recordOf(token: VerifiedToken, { carried, nowSeconds, policy }: Situation): SessionRecord {
  const { azpExcuse } = carried
  return recordFromToken(token, nowSeconds, { azpExcuse, keepClaims: policy.keepClaims })
}
