import fc from 'fast-check'
import { expect, test } from 'vitest'
import { laterTimes } from './times.js'
import { ERASED_VERSION } from './tombstone.js'

const seen = fc.array(
  fc.record({
    lastSignInAt: fc.option(fc.integer({ min: 0, max: 9 })),
    lastActiveAt: fc.option(fc.integer({ min: 0, max: 9 })),
  }),
)
const latest = (times: readonly (number | null)[]) =>
  times.reduce<number | null>((one, other) => (other === null ? one : Math.max(one ?? other, other)), null)

test('a row has the latest of all times that were seen, in whatever order they came', () => {
  fc.assert(
    fc.property(seen, (snapshots) => {
      const row = snapshots.reduce<Record<string, unknown>>(
        (stored, snapshot) => Object.assign(stored, laterTimes(stored, snapshot)),
        { lastSignInAt: null, lastActiveAt: null, version: 5 },
      )
      for (const field of ['lastSignInAt', 'lastActiveAt'] as const) {
        const time = latest(snapshots.map((snapshot) => snapshot[field]))
        expect(row[field]).toEqual(time === null ? null : new Date(time))
      }
    }),
  )
})

test('an erased row stays erased', () => {
  const erased = { lastSignInAt: null, lastActiveAt: null, version: ERASED_VERSION }
  expect(laterTimes(erased, { lastSignInAt: 5 })).toEqual({})
})
