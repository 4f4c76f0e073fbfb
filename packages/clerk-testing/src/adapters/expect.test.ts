import { describe, expect, it } from 'vitest'
import { expectIncludes, expectSame, isText, isThere } from './expect.js'

const FOUND = { id: 7, name: 'Ada', org: { role: 'admin', ids: [1, 2] }, left: null }

describe('what the kit expects', () => {
  it.each<[string, unknown]>([
    ['the value itself', { ...FOUND }],
    ['patterns in its place', { id: isThere, name: /^A/, org: { role: isText, ids: [1, 2] }, left: null }],
  ])('takes %s', (_what, expected) => {
    expect(() => expectSame(FOUND, expected)).not.toThrow()
    expect(() => expectIncludes({ ...FOUND, more: 1 }, expected)).not.toThrow()
  })

  it.each<[string, unknown, string]>([
    ['another value', { ...FOUND, id: 8 }, '.id is 7, not 8'],
    ['a pattern that does not fit', { ...FOUND, name: /^B/ }, ".name is 'Ada', not /^B/"],
    ['a function that says no', { ...FOUND, id: isText }, '.id is 7, not [Function: isText]'],
    ['a field that is not there', { ...FOUND, email: null }, '.email is undefined, not null'],
    ['a shorter list', { ...FOUND, org: { role: 'admin', ids: [1] } }, '.org.ids.1 is 2, not undefined'],
    ['a longer list', { ...FOUND, org: { ids: [1, 2, 3] } }, '.org.ids.2 is undefined, not 3'],
    ['a list in place of an object', [], 'The value is '],
    ['nothing', null, 'The value is '],
  ])('refuses %s, and says where', (_what, expected, said) => {
    for (const check of [expectIncludes, expectSame])
      expect(() => check(FOUND, expected, 'step 1')).toThrow(/^step 1\n/)
    expect(() => expectIncludes(FOUND, expected)).toThrow(said)
  })

  it('refuses a field that is not named, where all of it is expected', () => {
    expect(() => expectSame({ ...FOUND, more: 1 }, FOUND)).toThrow('.more is 1, not undefined')
  })
})
