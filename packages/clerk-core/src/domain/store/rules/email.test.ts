import fc from 'fast-check'
import { expect, it } from 'vitest'
import { foldAddress, hasVerifiedAddress, isSameAddress } from './email.js'

it.each<[what: string, stored: unknown, address: string, same: boolean]>([
  ['the case of ASCII letters', 'ADA@Example.COM', 'ada@example.com', true],
  ['the Kelvin sign and k', '\u212Aate@example.com', 'kate@example.com', false],
  ['the Ångström sign and å', '\u212Bsa@example.com', 'åsa@example.com', false],
  ['an accent', 'josé@example.com', 'jose@example.com', false],
  ['another letter in another case', 'ÄDA@example.com', 'äda@example.com', false],
  ['ß and ss', 'straße@example.com', 'strasse@example.com', false],
  ['a space at the end', 'ada@example.com ', 'ada@example.com', false],
  ['a pattern', 'a_a@example.com', 'ada@example.com', false],
  ['a row without address', null, 'null', false],
  ['a row without the field', undefined, 'undefined', false],
])('%s', (_, stored, address, same) => {
  expect(isSameAddress(stored, address)).toBe(same)
})

it('folding changes nothing but the 26 letters, and nothing more the second time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const folded = foldAddress(text)
      expect(folded).toBe([...text].map((one) => (/[A-Z]/.test(one) ? one.toLowerCase() : one)).join(''))
      expect(foldAddress(folded)).toBe(folded)
    }),
  )
})

it.each([
  ['ada@example.com', true, true],
  ['ada@example.com', false, false],
  [null, true, false],
  [null, false, false],
] as const)('a row with address %s, verified %s, says verified %s', (email, emailVerified, says) => {
  expect(hasVerifiedAddress({ email, emailVerified })).toBe(says)
})
