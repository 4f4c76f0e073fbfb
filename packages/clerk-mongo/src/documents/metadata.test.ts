import type { Json, Metadata } from '@acme/clerk-core/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMetadata, encodeMetadata } from './metadata.js'

const trickyKey = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '',
    '$',
    '$gt',
    'a.b',
    '.',
    '__proto__',
    'constructor',
    '%json',
    '%24',
    '%00%',
    '%5F_proto__',
    'a\0b',
    '%',
  ),
)
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(trickyKey, tie('value')), { maxLength: 4 })
      .map((entries): Json => Object.fromEntries(entries)),
  ),
})).value
const metadata = fc
  .array(fc.tuple(trickyKey, json), { maxLength: 5 })
  .map((entries): Metadata => Object.fromEntries(entries))

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return [...(Array.isArray(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap(keysOf)]
}

function nested(depth: number): Metadata {
  let value: Metadata = { leaf: 1 }
  for (let level = 0; level < depth; level++) value = { level: value }
  return value
}

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

test('metadata comes back as it was, whatever its keys', () => {
  fc.assert(
    fc.property(metadata, (value) => {
      expect(JSON.stringify(decodeMetadata(encodeMetadata(value)))).toBe(JSON.stringify(value))
    }),
  )
})

test('no key of a document is an operator, a path, empty or __proto__', () => {
  fc.assert(
    fc.property(metadata, (value) => {
      for (const key of keysOf(encodeMetadata(value))) expect(key).not.toMatch(/^\$|\.|\0|^$|^__proto__$/)
    }),
  )
})

test('ordinary keys stay as they are, so that they can be queried', () => {
  expect(encodeMetadata({ plan: 'pro', seats: { used: 3 } })).toEqual({ plan: 'pro', seats: { used: 3 } })
})

test('a document nested deeper than MongoDB takes is kept as text', () => {
  const deep = nested(500)
  expect(depthOf(encodeMetadata(deep))).toBeLessThan(90)
  expect(decodeMetadata(encodeMetadata(deep))).toEqual(deep)
})

test('a document without metadata has none', () => {
  expect(decodeMetadata(undefined)).toBeNull()
  expect(decodeMetadata(null)).toBeNull()
  expect(decodeMetadata('text')).toBeNull()
})
