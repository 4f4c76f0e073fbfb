import { expect, test } from 'vitest'
import { ignoresDifferences, inShell } from './index-problems.js'

test.each<[string, object | undefined, boolean]>([
  ['none', undefined, false],
  ['of a language', { locale: 'en', strength: 3 }, false],
  ['without a strength', { locale: 'de' }, false],
  ['without case', { locale: 'en', strength: 2 }, true],
  ['without case and accents', { locale: 'en', strength: 1 }, true],
  ['with a level for case', { locale: 'en', strength: 2, caseLevel: true }, false],
  ['without punctuation', { locale: 'en', strength: 3, alternate: 'shifted' }, true],
  ['of numbers in texts', { locale: 'en', strength: 3, numericOrdering: true }, true],
])('a collation %s takes two ids for one: %j %s', (_, collation, expected) => {
  expect(ignoresDifferences(collation)).toBe(expected)
})

test.each([
  ['users', 'db.users'],
  ['getUsers', 'db.getCollection("getUsers")'],
  ['my-users', 'db.getCollection("my-users")'],
  ['a"; drop', 'db.getCollection("a\\"; drop")'],
])('the shell reaches %s', (name, expected) => {
  expect(inShell(name)).toBe(expected)
})
