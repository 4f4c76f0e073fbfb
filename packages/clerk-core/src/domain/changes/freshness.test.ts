import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LookLimits, type LookState, planLook } from './freshness.js'

const LIMITS: LookLimits = { pollMs: 2_000, graceMs: 300_000, timeoutMs: 3_000 }
const age = fc.option(fc.integer({ min: -10_000, max: 400_000 }), { nil: null })
const limits = fc.record({ pollMs: fc.nat(10_000), graceMs: fc.nat(600_000), timeoutMs: fc.nat(60_000) })
const states = fc.record({
  knownForMs: age,
  failedForMs: age,
  lookingForMs: fc.option(fc.nat(100_000), { nil: null }),
})

const NOTHING: LookState = { knownForMs: null, failedForMs: null, lookingForMs: null }

test.each<[string, Partial<LookState>, ReturnType<typeof planLook>]>([
  ['before the first look', {}, { begins: true, waitMs: 3_000, isKnown: false }],
  ['within pollSeconds', { knownForMs: 2_000 }, { begins: false, waitMs: 0, isKnown: true }],
  ['after that', { knownForMs: 2_001 }, { begins: true, waitMs: 3_000, isKnown: true }],
  ['with the clock set back', { knownForMs: -1 }, { begins: true, waitMs: 3_000, isKnown: false }],
  [
    'while a look is under way',
    { knownForMs: 9_000, lookingForMs: 1_000 },
    { begins: false, waitMs: 2_000, isKnown: true },
  ],
  [
    'when that takes too long',
    { knownForMs: 9_000, lookingForMs: 3_000 },
    { begins: false, waitMs: 0, isKnown: true },
  ],
  [
    'just after one has failed',
    { knownForMs: 9_000, failedForMs: 1_000 },
    { begins: false, waitMs: 0, isKnown: true },
  ],
  [
    'some time after one has failed',
    { knownForMs: 9_000, failedForMs: 2_001 },
    { begins: true, waitMs: 50, isKnown: true },
  ],
  [
    'while one hangs again',
    { knownForMs: 9_000, failedForMs: 5_000, lookingForMs: 60 },
    { begins: false, waitMs: 0, isKnown: true },
  ],
  [
    'after the grace',
    { knownForMs: 300_001, failedForMs: 5_000, lookingForMs: 60 },
    { begins: false, waitMs: 0, isKnown: false },
  ],
])('%s', (_when, state, plan) => {
  expect(planLook({ ...NOTHING, ...state }, LIMITS)).toEqual(plan)
})

test('nobody waits longer than a store may take, nor, after a failure, longer than a moment', () => {
  fc.assert(
    fc.property(states, limits, (state, given) => {
      const { begins, waitMs, isKnown } = planLook(state, given)
      expect(waitMs).toBeGreaterThanOrEqual(0)
      expect(waitMs).toBeLessThanOrEqual(given.timeoutMs)
      if (state.failedForMs !== null) expect(waitMs).toBeLessThanOrEqual(50)
      // One look at a time.
      if (state.lookingForMs !== null) expect(begins).toBe(false)
      // What is not known is looked up or has just failed: never neither.
      if (!isKnown && state.lookingForMs === null && state.failedForMs === null) expect(begins).toBe(true)
      if (state.knownForMs === null || state.knownForMs < 0) expect(isKnown).toBe(false)
    }),
  )
})
