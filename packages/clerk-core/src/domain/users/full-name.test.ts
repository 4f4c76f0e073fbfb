import { expect, it } from 'vitest'
import { fullName } from './full-name.js'

it.each([
  ['Ada Lovelace', { firstName: 'Ada', lastName: 'Lovelace' }],
  ['Ada', { firstName: 'Ada', lastName: null }],
  ['Lovelace', { lastName: ' Lovelace ' }],
  [null, { firstName: ' ', lastName: '' }],
  [null, {}],
])('%s is the full name of %j', (name, user) => {
  expect(fullName(user)).toBe(name)
})
