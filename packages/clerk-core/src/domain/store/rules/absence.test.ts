import { expect, test } from 'vitest'
import { carried } from './absence.js'

test('what is absent or undefined is no key, and null, false and empty values are', () => {
  const fields = carried({ a: undefined, b: null, c: false, d: '', e: 0, f: {} })
  expect(Object.entries(fields)).toEqual([
    ['b', null],
    ['c', false],
    ['d', ''],
    ['e', 0],
    ['f', {}],
  ])
  expect({ a: 'kept', b: 'cleared', ...fields }).toMatchObject({ a: 'kept', b: null })
})
