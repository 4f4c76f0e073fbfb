import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Requirement } from '../../domain/guard/requirement.js'
import { confirmedRecord, recordFromToken } from '../../domain/session/make-record.js'
import { parseRecord } from '../../domain/session/parse-record.js'
import type { SessionRecord } from '../../domain/session/record.js'
import { decodeOrganizationClaims } from '../../domain/tokens/organization-claims.js'
import { createPermissionDecoder } from '../../domain/tokens/permission-memo.js'
import type { SessionClaims } from '../../domain/tokens/session-claims.js'
import { SILENT } from '../../ground/observe/observer.js'
import { createAuthFactory } from './auth-factory.js'
import { joinRows, type Principal, principalFromRecord, principalFromToken } from './principal.js'

const { withJson } = createAuthFactory(SILENT)

const IAT = 1_800_000_000
const ISSUER = 'https://clerk.test'
/** Window and grace. */
const ENTITLED = 600

type Question = Pick<Requirement, 'role' | 'permission' | 'feature' | 'plan' | 'reverification'>

const QUESTIONS: readonly Question[] = [
  { role: 'admin' },
  { role: 'member' },
  { permission: 'org:notes:read' },
  { permission: 'org:notes:write' },
  { permission: 'org:reports:read' },
  { feature: 'notes' },
  { feature: 'org:reports' },
  { feature: 'user:notes' },
  { plan: 'pro' },
  { plan: 'org:pro' },
  ...(['strict_mfa', 'strict', 'moderate', 'lax'] as const).map((reverification) => ({ reverification })),
  { reverification: { level: 'first_factor', afterMinutes: 0.5 } },
  { reverification: { level: 'multi_factor', afterMinutes: 3 } },
]

const odd = fc.constantFrom<unknown>(undefined, null, '', 7, [], {}, 'x')
const or = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: arbitrary as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd })
const list = (...items: string[]) => or(fc.subarray(items).map((some) => some.join(',')))
const age = fc.oneof(fc.integer({ min: -2, max: 1500 }), fc.constantFrom(-1, 0, 1, 9, 10))

const claimsArbitrary = fc
  .record({
    v: fc.constantFrom<unknown>(undefined, 1, 2, 2, 2, 3, '2', null),
    o: or(
      fc.record({
        id: or(fc.constant('org_1')),
        rol: or(fc.constantFrom('admin', 'member', 'org:admin')),
        slg: or(fc.constant('acme')),
        per: list('read', 'write'),
        fpm: list('1', '2', '3', '99'),
      }),
    ),
    org_id: or(fc.constant('org_1')),
    org_role: or(fc.constantFrom('org:admin', 'member')),
    org_permissions: or(fc.subarray(['org:notes:read', 'org:notes:write', 'org:reports:read'])),
    fea: list('o:notes', 'u:notes', 'uo:reports', 'notes'),
    pla: list('o:pro', 'u:pro', 'pro'),
    fva: or(fc.tuple(age, age)),
    aud: or(fc.constantFrom<unknown>('api', ['api', 'web'])),
    sts: fc.constantFrom(undefined, 'active', 'pending'),
  })
  .map((more) => ({
    ...more,
    ...{ iss: ISSUER, sub: 'user_1', sid: 'sess_1', iat: IAT, nbf: IAT, exp: IAT + 86_400 },
  }))
  .map((claims) => JSON.parse(JSON.stringify(claims)) as SessionClaims)

const NO_ROWS = {
  ok: true,
  user: undefined,
  membership: undefined,
  organization: undefined,
  heldSince: null,
  cached: true,
} as const

function answers(principal: Principal, nowSeconds: number): boolean[] {
  const now = () => nowSeconds * 1000
  const auth = joinRows(principal, undefined, NO_ROWS, { now, entitlementSeconds: ENTITLED, withJson })
  return QUESTIONS.map((question) => auth.has(question))
}

/** Through JSON and the checks of what a session store returns. */
function stored(record: SessionRecord, nowSeconds: number): SessionRecord {
  const value: unknown = JSON.parse(JSON.stringify(record))
  const found = parseRecord(value, { issuer: ISSUER, nowSeconds, clockToleranceSeconds: 5 })
  if (found.record === null) throw new Error('A record that was written cannot be read.')
  return found.record
}

function principalOf(record: SessionRecord, nowSeconds: number): Principal {
  const now = () => nowSeconds * 1000
  const permissionsOf = createPermissionDecoder()
  return principalFromRecord(stored(record, nowSeconds), {
    now,
    permissionsOf,
    entitlementSeconds: ENTITLED,
    withJson,
    keepClaims: [],
  })
}

const tokenOf = (claims: SessionClaims) => ({
  claims,
  organization: decodeOrganizationClaims(claims),
  hash: '',
})

describe('a session record', () => {
  it('answers has() as its token does at the same moment', () => {
    fc.assert(
      fc.property(claimsArbitrary, fc.integer({ min: 0, max: 90_000 }), (claims, later) => {
        const token = tokenOf(claims)
        const byToken = principalFromToken(token)
        const byRecord = principalOf(recordFromToken(token, IAT), IAT + later)
        expect(answers(byRecord, IAT + later)).toEqual(answers(byToken, IAT + later))
        expect(byRecord).toMatchObject({
          organization: byToken.organization,
          sessionStatus: byToken.sessionStatus,
        })
      }),
      { numRuns: 2000 },
    )
  })

  it('is never more generous after any number of confirmations than it was before', () => {
    const steps = fc.array(fc.record({ seconds: fc.integer({ min: 0, max: 400 }), left: fc.boolean() }), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(claimsArbitrary, steps, (claims, list) => {
        let record = recordFromToken(tokenOf(claims), IAT)
        let nowSeconds = IAT
        let before = answers(principalOf(record, nowSeconds), nowSeconds)
        for (const { seconds, left } of list) {
          nowSeconds += seconds
          const org = left ? null : record.org
          record = confirmedRecord(stored(record, nowSeconds), { askedAt: nowSeconds, sts: 'active', org })
          const after = answers(principalOf(record, nowSeconds), nowSeconds)
          const gained = QUESTIONS.filter((_, i) => after[i] === true && before[i] !== true)
          expect(gained).toEqual([])
          expect(record.sts === 'active' && claims.sts === 'pending').toBe(false)
          before = after
        }
      }),
      { numRuns: 500 },
    )
  })

  it('never moves back in time when Clerk is asked, and keeps the time of its token', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -100, max: 900 })), (times) => {
        let record = recordFromToken(tokenOf({ ...tokenless, iat: IAT }), IAT)
        for (const time of times) {
          const next = confirmedRecord(record, { askedAt: IAT + time, sts: 'active', org: null })
          expect(next.asOf).toBeGreaterThanOrEqual(record.asOf)
          expect(next.tokenAt).toBe(IAT)
          record = next
        }
      }),
    )
  })
})

const tokenless = { iss: ISSUER, sub: 'user_1', sid: 'sess_1', iat: IAT, nbf: IAT, exp: IAT + 60 }

describe('an old token of long life', () => {
  const token = tokenOf({ ...tokenless, exp: IAT + 86_400, fva: [0, -1], pla: 'u:pro', fea: 'u:notes' })
  const auth = (now: () => number) =>
    joinRows(principalFromToken(token), undefined, NO_ROWS, {
      now,
      entitlementSeconds: ENTITLED,
      withJson,
    })

  it('grows old where it is held: the same Auth answers by the clock', () => {
    let nowSeconds = IAT
    const held = auth(() => nowSeconds * 1000)
    expect(held.has({ reverification: 'strict' })).toBe(true)
    nowSeconds = IAT + 599
    expect(held.has({ reverification: 'strict', plan: 'pro', feature: 'notes' })).toBe(true)
    nowSeconds = IAT + 600
    expect(held.has({ reverification: 'strict' })).toBe(false)
    expect(held.has({ plan: 'pro' })).toBe(false)
    expect(held.has({ feature: 'notes' })).toBe(false)
    expect(held.has({ reverification: 'moderate' })).toBe(true)
  })

  it('is not younger than its iat where the clock of another machine is behind', () => {
    expect(auth(() => (IAT - 5) * 1000).has({ reverification: 'strict' })).toBe(true)
  })
})
