import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { externalIdOf, isSameExternalId, wholeExternalId } from './external-id.js'

/** What JavaScript, a collation or a database would take for the same. */
const lookalikes = (text: string) => [
  ` ${text}`,
  `${text} `,
  `${text}\n`,
  `0${text}`,
  `+${text}`,
  `-${text}`,
  `${text}.0`,
  `${text}e0`,
  `${text}n`,
  `${text}abc`,
  `0x${text}`,
  `${text}\0`,
  text.toUpperCase(),
  text.toLowerCase(),
  text.normalize('NFD'),
]

const uuidObject = (hex: string) => ({ toHexString: () => hex })
const stored = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ minLength: 1 }),
  fc.uuid(),
  fc.stringMatching(/^[0-9a-f]{24}$/).map(uuidObject),
)

describe('an external id', () => {
  it('names exactly the id whose text it is, and no lookalike of it', () => {
    fc.assert(
      fc.property(stored, (id) => {
        const text = externalIdOf(id) ?? ''
        expect(isSameExternalId(id, text)).toBe(true)
        for (const other of lookalikes(text)) expect(isSameExternalId(id, other)).toBe(other === text)
      }),
    )
  })

  it('names one id of a kind: two ids of one text are equal', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (one, other) => {
        expect(isSameExternalId(one, String(other))).toBe(one === other)
      }),
    )
  })

  it.each([null, undefined, true, 1.5, Number.NaN, 2 ** 53, {}, [7], new Date(7), { toHexString: 'ab' }])(
    'never names %s',
    (id) => {
      expect(externalIdOf(id)).toBeNull()
      expect(isSameExternalId(id, String(id))).toBe(false)
    },
  )

  it('that is empty names nothing', () => {
    expect(isSameExternalId('', '')).toBe(false)
  })

  it('is a whole number exactly where its text is that of one the column can hold', () => {
    const texts = fc.oneof(fc.string(), fc.bigInt().map(String), fc.maxSafeInteger().map(String))
    fc.assert(
      fc.property(texts, fc.constantFrom(32 as const, 64 as const), (text, bits) => {
        const whole = wholeExternalId(text, bits)
        const fits =
          /^-?\d+$/.test(text) &&
          String(BigInt(text)) === text &&
          BigInt.asIntN(bits, BigInt(text)) === BigInt(text)
        expect(whole).toBe(fits ? BigInt(text) : null)
      }),
    )
    for (const text of ['abc', '007', '-0', '', ' 7', '9999999999999999999999', '7\0'])
      expect(wholeExternalId(text, 64)).toBeNull()
    expect(wholeExternalId('2147483648', 32)).toBeNull()
    expect(wholeExternalId('2147483647', 32)).toBe(2147483647n)
  })
})
