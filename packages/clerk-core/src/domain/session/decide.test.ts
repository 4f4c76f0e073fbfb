import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { SessionClaims, VerifiedToken } from '../tokens/session-claims.js'
import { decideAfterAsking, decideSession, SESSION_RULES } from './decide.js'
import type { Carried, SessionDecision, SessionPolicy, TokenState } from './decision.js'
import { recordFromToken } from './make-record.js'
import { type FoundRecord, NO_RECORD, UNREADABLE } from './parse-record.js'
import type { SessionRecord } from './record.js'

const NOW = 1_800_000_000
const WINDOW = 300
const GRACE = 200

function tokenOf(sub: string, sid: string, iat = NOW - 10, more: Partial<SessionClaims> = {}): VerifiedToken {
  return {
    claims: { iss: 'https://clerk.test', sub, sid, iat, nbf: iat, exp: iat + 60, v: 2, ...more },
    organization: null,
    hash: 'h',
  }
}

function recordOf(
  sub: string,
  sid: string,
  ageSeconds: number,
  more: Partial<SessionRecord> = {},
): SessionRecord {
  const record = recordFromToken(tokenOf(sub, sid, NOW - ageSeconds), NOW - ageSeconds)
  return { ...record, ...more }
}

// Every value that a column of the truth table distinguishes.
const founds: Record<string, FoundRecord> = {
  none: NO_RECORD,
  untrusted: { record: null, untrusted: true, refusal: null },
  moved: { ...NO_RECORD, absent: 'moved' },
  'of an old marker': { ...NO_RECORD, absent: 'marker-expired' },
  unreadable: UNREADABLE,
  fresh: { record: recordOf('ann', 's1', 60), untrusted: false, refusal: null },
  'past half of the window': { record: recordOf('ann', 's1', 150), untrusted: false, refusal: null },
  stale: { record: recordOf('ann', 's1', 300), untrusted: false, refusal: null },
  unused: { record: recordOf('ann', 's1', 60), untrusted: false, refusal: 'audience-mismatch' },
  'stale beyond grace': { record: recordOf('ann', 's1', 500), untrusted: false, refusal: null },
}
const tokens: Record<string, TokenState> = {
  none: { kind: 'none' },
  'valid, same session': { kind: 'valid', token: tokenOf('ann', 's1') },
  'valid, same session, older': { kind: 'valid', token: tokenOf('ann', 's1', NOW - 1000) },
  'valid, other session': { kind: 'valid', token: tokenOf('ann', 's2') },
  'valid, other user': { kind: 'valid', token: tokenOf('bob', 's9') },
  'valid, other user, same session id': { kind: 'valid', token: tokenOf('bob', 's1') },
  'expired, same session': { kind: 'expired-or-outdated', sub: 'ann', sid: 's1', reason: 'token-expired' },
  'expired, other session': { kind: 'expired-or-outdated', sub: 'ann', sid: 's2', reason: 'token-expired' },
  'outdated, other user': { kind: 'expired-or-outdated', sub: 'bob', sid: 's1', reason: 'cookie-outdated' },
  'unverifiable, same session': { kind: 'unverifiable', sub: 'ann', sid: 's1', retryAfterSeconds: 1 },
  'unverifiable, other user': { kind: 'unverifiable', sub: 'bob', sid: 's1', retryAfterSeconds: 1 },
  'unverifiable, unreadable': { kind: 'unverifiable', sub: null, sid: null, retryAfterSeconds: 1 },
  foreign: { kind: 'foreign', reason: 'issuer-mismatch' },
  'machine JWT': { kind: 'machine-jwt' },
  refused: { kind: 'refused', reason: 'signature-invalid' },
}
const booleans = [false, true]
const clientUats = [null, 0, NOW - 200, NOW - 5]

interface Situation {
  name: string
  found: FoundRecord
  carried: Carried
  policy: SessionPolicy
}

function* situations(): Generator<Situation> {
  for (const [foundName, found] of Object.entries(founds))
    for (const [tokenName, token] of Object.entries(tokens))
      for (const bearer of booleans)
        for (const crossSite of booleans)
          for (const localUser of booleans)
            for (const clientUat of clientUats)
              for (const revoked of booleans)
                for (const canAskClerk of booleans)
                  for (const remembers of booleans) {
                    if (bearer && token.kind === 'none') continue
                    yield {
                      name: JSON.stringify({
                        foundName,
                        tokenName,
                        bearer,
                        crossSite,
                        localUser,
                        clientUat,
                        revoked,
                      }),
                      found,
                      carried: {
                        crossSite,
                        bearer,
                        token,
                        azpExcuse: bearer ? 'option' : 'same-origin',
                        clientUat,
                        localUser,
                      },
                      policy: {
                        revalidateAfterSeconds: WINDOW,
                        graceSeconds: GRACE,
                        revoked,
                        canAskClerk,
                        remembers,
                        keepClaims: ['locale'],
                      },
                    }
                  }
}

/** The rules again, read off the specification as nested conditions: slow, obvious, and written without the table. */
function expected({ found, carried, policy }: Situation): SessionDecision {
  const none = { kind: 'none' } as const
  const keysUnavailable = (retryAfterSeconds: number): SessionDecision => ({
    by: 'unavailable',
    end: false,
    reason: 'keys-unavailable',
    retryAfterSeconds,
  })
  const alone = (token: TokenState): SessionDecision => {
    if (token.kind === 'valid') return { by: 'token', end: false, token: token.token, session: none }
    if (token.kind === 'unverifiable') return keysUnavailable(token.retryAfterSeconds)
    const reasons = { none: 'no-credentials', 'machine-jwt': 'machine-jwt-not-accepted' } as const
    const reason = 'reason' in token ? token.reason : reasons[token.kind]
    return { by: 'anonymous', end: false, reason }
  }
  const { token } = carried
  const { record } = found

  if (carried.bearer && token.kind === 'machine-jwt')
    return { by: 'anonymous', end: false, reason: 'machine-jwt-not-accepted' }
  if (carried.crossSite) {
    return carried.bearer ? alone(token) : { by: 'anonymous', end: false, reason: 'cross-site-request' }
  }
  if (record && policy.revoked) {
    const next = expected({ name: '', found: NO_RECORD, carried, policy: { ...policy, revoked: false } })
    if (next.by === 'token' && next.session.kind === 'start') {
      const keep = next.session.record.sub === record.sub
      return { ...next, end: true, session: { ...next.session, keep } }
    }
    return next.by === 'anonymous' && next.reason === 'no-credentials'
      ? { by: 'anonymous', end: true, reason: 'session-revoked' }
      : { ...next, end: true }
  }
  if (carried.clientUat === 0 && !(carried.bearer && token.kind === 'valid')) {
    const left: TokenState = carried.bearer ? token : { kind: 'none' }
    if (record || left !== token) {
      if (record || token.kind !== 'none') {
        const next = expected({
          name: '',
          found: NO_RECORD,
          carried: { ...carried, token: left, clientUat: carried.bearer ? 0 : null },
          policy: { ...policy, revoked: false },
        })
        return next.by === 'anonymous' && next.reason === 'no-credentials'
          ? { by: 'anonymous', end: record !== null, reason: 'signed-out' }
          : { ...next, end: record !== null }
      }
    }
  }
  if (carried.localUser) {
    if (!carried.bearer || token.kind === 'foreign') return { by: 'local', end: false }
    return alone(token)
  }
  if (found.absent !== undefined && token.kind === 'valid') return alone(token)
  if (found.absent === 'unreadable') {
    return { by: 'unavailable', end: false, reason: 'session-unavailable' }
  }
  if (token.kind === 'valid') {
    const { sub, sid, iat } = token.token.claims
    const { azpExcuse } = carried
    const fresh = recordFromToken(token.token, NOW, { azpExcuse, keepClaims: policy.keepClaims })
    if (record?.sub === sub && record.sid === sid) {
      // Every token here lacks `azp`: the excuse is remembered, and differs where the token came as a bearer.
      const differs = carried.bearer || NOW - record.checkedAt >= WINDOW / 2
      const due = policy.remembers && iat >= record.asOf && differs
      return {
        by: 'token',
        end: false,
        token: token.token,
        session: due ? { kind: 'refresh', record: fresh } : none,
      }
    }
    if (!policy.remembers) return { by: 'token', end: false, token: token.token, session: none }
    const keep = record ? record.sub === sub : !found.untrusted
    return { by: 'token', end: false, token: token.token, session: { kind: 'start', keep, record: fresh } }
  }
  const own = record !== null && 'sub' in token && token.sub === record.sub && token.sid === record.sid
  if (token.kind === 'unverifiable' && !own) return keysUnavailable(token.retryAfterSeconds)
  if (record && (token.kind === 'none' || own)) {
    if (found.refusal !== null) {
      return token.kind === 'unverifiable'
        ? keysUnavailable(token.retryAfterSeconds)
        : { by: 'anonymous', end: false, reason: found.refusal }
    }
    const outdated = carried.clientUat !== null && record.asOf < carried.clientUat
    if (!outdated && NOW - record.checkedAt < WINDOW) return { by: 'record', end: false, record }
    if (policy.canAskClerk) return { by: 'clerk', end: false, record, mayGrace: !outdated }
    return token.kind === 'unverifiable'
      ? keysUnavailable(token.retryAfterSeconds)
      : { by: 'anonymous', end: false, reason: 'session-stale' }
  }
  return alone(token)
}

describe('the session decision', () => {
  it('agrees with the specification in every situation its columns distinguish', () => {
    let count = 0
    for (const situation of situations()) {
      count++
      const actual = decideSession(situation.found, situation.carried, NOW, situation.policy)
      expect(actual, situation.name).toEqual(expected(situation))
    }
    expect(count).toBeGreaterThan(10_000)
  })

  it('lets a valid token decide and writes nothing where a request carries nothing besides', () => {
    let seen = 0
    for (const { name, found, carried, policy } of situations()) {
      const { token, crossSite, localUser, clientUat } = carried
      const nothingBesides = found === NO_RECORD && !crossSite && !localUser && clientUat === null
      if (token.kind !== 'valid' || !nothingBesides || policy.remembers) continue
      seen++
      const byToken = { by: 'token', end: false, token: token.token, session: { kind: 'none' } }
      expect(decideSession(found, carried, NOW, policy), name).toEqual(byToken)
    }
    expect(seen).toBeGreaterThan(0)
  })

  it('uses every row of its table', () => {
    const used = new Set<number>()
    for (const { found, carried, policy } of situations()) {
      const situation = { found, carried, nowSeconds: NOW, policy }
      used.add(SESSION_RULES.findIndex((rule) => rule.decide(situation) !== null))
    }
    expect([...used].sort((a, b) => a - b)).toEqual(SESSION_RULES.map((_, index) => index))
  })

  it('has its truth table in the guide, word for word', async () => {
    const guide = await readFile(new URL('../../../../../docs/sessions.md', import.meta.url), 'utf8')
    const rows = SESSION_RULES.map(({ text }) => `| ${text.join(' | ')} |`).join('\n')
    expect(guide).toContain(`| record | the request carries | then |\n| --- | --- | --- |\n${rows}\n`)
  })

  it('never touches the session on a cross-site request', () => {
    for (const { found, carried, policy, name } of situations()) {
      if (!carried.crossSite) continue
      const decision = decideSession(found, carried, NOW, policy)
      expect(decision.end, name).toBe(false)
      if (decision.by === 'token') expect(decision.session, name).toEqual({ kind: 'none' })
    }
  })

  it('never trusts a record whose session is revoked', () => {
    for (const { found, carried, policy } of situations()) {
      if (!policy.revoked) continue
      expect(['record', 'clerk']).not.toContain(decideSession(found, carried, NOW, policy).by)
    }
  })

  it('never starts a session where nothing may be remembered', () => {
    for (const { found, carried, policy } of situations()) {
      if (policy.remembers) continue
      const decision = decideSession(found, carried, NOW, policy)
      if (decision.by === 'token') expect(decision.session).toEqual({ kind: 'none' })
    }
  })

  it('does not refresh a record for one minute of ageing, but does for a new factor', () => {
    const record = recordOf('ann', 's1', 119, { fva: [5, -1] })
    const decide = (fva: [number, number], azpExcuse: Carried['azpExcuse'] = 'same-origin') =>
      decideSession(
        { record, untrusted: false, refusal: null },
        {
          crossSite: false,
          bearer: false,
          azpExcuse,
          localUser: false,
          clientUat: null,
          token: { kind: 'valid', token: tokenOf('ann', 's1', NOW, { fva }) },
        },
        NOW,
        {
          revalidateAfterSeconds: WINDOW,
          graceSeconds: GRACE,
          revoked: false,
          canAskClerk: true,
          remembers: true,
          keepClaims: [],
        },
      )
    expect(decide([6, -1])).toMatchObject({ session: { kind: 'none' } })
    expect(decide([7, -1])).toMatchObject({ session: { kind: 'none' } })
    expect(decide([0, -1])).toMatchObject({ session: { kind: 'refresh' } })
    expect(decide([6, 0])).toMatchObject({ session: { kind: 'refresh' } })
    // A person who navigates and a page that fetches take turns: no reason to write.
    expect(decide([6, -1], 'navigation')).toMatchObject({ session: { kind: 'none' } })
    expect(decide([6, -1], 'option')).toMatchObject({ session: { kind: 'refresh' } })
  })
})

describe('after asking Clerk', () => {
  const policy: SessionPolicy = {
    revalidateAfterSeconds: WINDOW,
    graceSeconds: GRACE,
    revoked: false,
    canAskClerk: true,
    remembers: true,
    keepClaims: [],
  }

  it('ends the session only when Clerk says that it has ended', () => {
    const record = recordOf('ann', 's1', 310)
    expect(decideAfterAsking({ kind: 'ended' }, { record, mayGrace: true }, NOW, policy)).toEqual({
      by: 'anonymous',
      reason: 'session-ended',
    })
    expect(decideAfterAsking({ kind: 'unreachable' }, { record, mayGrace: true }, NOW, policy)).toEqual({
      by: 'record',
      record,
    })
  })

  it('bridges an outage up to the last second of grace, then knows no answer', () => {
    const at = (age: number) =>
      decideAfterAsking(
        { kind: 'unreachable' },
        { record: recordOf('ann', 's1', age), mayGrace: true },
        NOW,
        policy,
      )
    expect(at(WINDOW + GRACE - 1)).toMatchObject({ by: 'record' })
    expect(at(WINDOW + GRACE)).toEqual({ by: 'unavailable', reason: 'clerk-unavailable' })
  })

  it('gives no grace to a record older than the last sign-in or sign-out of the browser', () => {
    const record = recordOf('ann', 's1', 100)
    expect(
      decideAfterAsking({ kind: 'unreachable' }, { record, mayGrace: false }, NOW, policy),
    ).toMatchObject({
      by: 'unavailable',
    })
  })
})
