import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHolds } from '../../changes/holds.js'
import { createRevocations } from '../../changes/revocations.js'
import { covers } from './covers.js'

const entry = fc.option(fc.integer({ min: 1, max: 4 }), { nil: null })

/** What a process that reads these entries denies its subject: for good, and until a row of which version. */
function denied(entries: readonly { place: number; version: number | null }[]) {
  const revocations = createRevocations(() => 0, 1000)
  const holds = createHolds()
  for (const { place, version } of entries) {
    if (version === null) revocations.revoke('user_ada', place)
    else holds.hold('user_ada', version, place)
  }
  return [revocations.isRevoked('user_ada', ''), holds.of('user_ada', null)?.version]
}

test('who reads only what no other entry covers denies what who reads all does', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), (versions) => {
      const all = versions.map((version, index) => ({ place: index + 1, version }))
      const left = all.filter((one) => !all.some((other) => covers(other, one)))
      // What was held before a revocation, the revocation says.
      const counting = all.filter(
        ({ place, version }) => version === null || place > versions.lastIndexOf(null),
      )
      expect(denied(left)).toEqual(denied(counting))
    }),
  )
})

test('a revocation covers what was before it, and a version only lower ones', () => {
  const revoked = { place: 1, version: null }
  const late = { place: 2, version: 5 }
  expect([covers(late, revoked), covers(revoked, late)]).toEqual([false, false])
  expect(covers({ place: 3, version: null }, late)).toBe(true)
  expect([covers({ place: 3, version: 7 }, late), covers(late, { place: 1, version: 7 })]).toEqual([
    true,
    false,
  ])
  expect(covers(late, late)).toBe(false)
})
