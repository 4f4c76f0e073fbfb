import { expect, it } from 'vitest'
import { StoreInputError } from '../../../ground/errors.js'
import { checkPurge, EMPTY_USER, earliestDeletion, isBareUser } from './tombstone.js'

const DAY_MS = 24 * 3600 * 1000
const [early, late] = [new Date(1), new Date(2)]

it.each([
  [null, null, null],
  [early, null, early],
  [null, late, late],
  [early, late, early],
  [late, early, early],
  [late, new Date(2), late],
])('of the deletions %o and %o the earliest is %o', (one, other, earliest) => {
  expect(earliestDeletion(one, other)).toEqual(earliest)
})

it.each<[what: string, row: Record<string, unknown>, bare: boolean]>([
  ['nothing but an id', { id: 1, clerkId: 'user_1', ...EMPTY_USER, version: 0 }, true],
  ['a deletion', { clerkId: 'user_1', deletedAt: early, isActive: true, version: 0 }, true],
  ['a column of the application’s', { theme: 'dark' }, true],
  ['a version', { ...EMPTY_USER, version: 1 }, false],
  ['a name', { ...EMPTY_USER, firstName: 'Ada' }, false],
  ['an empty name', { ...EMPTY_USER, firstName: '' }, false],
  ['metadata without a key', { ...EMPTY_USER, publicMetadata: {} }, false],
  ['a ban', { ...EMPTY_USER, banned: true }, false],
  ['a withdrawal by a directory', { ...EMPTY_USER, deprovisioned: true }, false],
  ['a verified address', { ...EMPTY_USER, emailVerified: true }, false],
])('a row with %s', (_, row, bare) => {
  expect(isBareUser(row)).toBe(bare)
})

it.each<[before: unknown, now: unknown, allowed: boolean]>([
  [0, 7 * DAY_MS, true],
  [1, 7 * DAY_MS, false],
  [0, 0, false],
  [Number.NaN, 9 * DAY_MS, false],
  [0, Number.NaN, false],
  [0, Number.POSITIVE_INFINITY, false],
  [0, undefined, false],
])('rows deleted before %o may be erased at %o: %s', (before, now, allowed) => {
  if (allowed) expect(() => checkPurge(before, now)).not.toThrow()
  else expect(() => checkPurge(before, now)).toThrow(StoreInputError)
})
