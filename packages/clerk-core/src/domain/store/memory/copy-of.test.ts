import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyOf } from './copy-of.js'

test('a copy is what structuredClone makes', () => {
  const anything = fc.anything({ withDate: true, withMap: true, withSet: true, withNullPrototype: false })
  fc.assert(
    fc.property(anything, (value) => {
      expect(copyOf(value)).toStrictEqual(structuredClone(value))
    }),
  )
})

test('a copy shares nothing with the value, and a circle stays one', () => {
  const value = { at: new Date(0), list: [{ a: 1 }], deep: { er: {} } }
  const copy = copyOf(value)
  for (const [one, other] of [
    [copy, value],
    [copy.at, value.at],
    [copy.list, value.list],
    [copy.list[0], value.list[0]],
    [copy.deep.er, value.deep.er],
  ])
    expect(one).not.toBe(other)
  const circle: { self?: unknown } = {}
  circle.self = circle
  const copied = copyOf(circle)
  expect(copied.self).toBe(copied)
  expect(copied).not.toBe(circle)
})

test('fields that are named by symbols are left out, as structuredClone leaves them', () => {
  const shared = { a: 1 }
  expect(Reflect.ownKeys(copyOf({ [Symbol('own')]: shared, b: { [Symbol('own')]: shared } }))).toEqual(['b'])
  expect(Reflect.ownKeys(copyOf({ b: { [Symbol('own')]: shared } }).b)).toEqual([])
})
