import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { returnTargetOf, safeReturnTarget } from './return-target.js'

const OWN = 'https://api.example.com'
const LISTED = new Set(['https://app.example.com', 'http://localhost:3000'])
const verify = (target: string) => safeReturnTarget(target, OWN, LISTED)

describe('a return target is accepted', () => {
  test.each([
    ['/', '/'],
    ['/a/b?c=d#e', '/a/b?c=d#e'],
    ['/a/../b', '/b'],
    ['/search?next=https://elsewhere.example//x', '/search?next=https://elsewhere.example//x'],
    ['https://api.example.com/x', 'https://api.example.com/x'],
    ['https://app.example.com', 'https://app.example.com/'],
    ['http://localhost:3000/x?y', 'http://localhost:3000/x?y'],
  ])('%s', (target, expected) => {
    expect(verify(target)).toBe(expected)
  })
})

describe('a return target is refused', () => {
  test.each([
    '',
    'x',
    '?x',
    '#x',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/..//evil.example',
    '/%2e%2e//evil.example',
    '/%2fevil.example',
    '/%5Cevil.example',
    '/a?b=%2f',
    'https:evil.example',
    'https:/evil.example',
    'https:///evil.example',
    'https://evil.example',
    'https://app.example.com.evil.example',
    'https://app.example.com@evil.example/',
    'https://user:pass@app.example.com/',
    'https://app.example.com:444/',
    'https://app.example.com//x',
    'http://api.example.com/x',
    'http://app.example.com/x',
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://app.example.com/',
    ' /x',
    '/x y',
    '/\t/evil.example',
    '/x\r\nSet-Cookie: a=b',
    '/\u0000',
    '/é',
    '\u2028/x',
    '/\uff0fevil.example',
    `/${'x'.repeat(3000)}`,
  ])('%j', (target) => {
    expect(verify(target)).toBeNull()
  })

  test('only paths are accepted where the origin of this server is not known', () => {
    expect(safeReturnTarget('/x', null, LISTED)).toBe('/x')
    expect(safeReturnTarget('http://unknown.invalid/x', null, LISTED)).toBeNull()
    expect(safeReturnTarget('https://app.example.com/x', null, LISTED)).toBe('https://app.example.com/x')
  })
})

test('every accepted target stays on this or a listed origin, and fits in a header', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(
      '/',
      '\\',
      '.',
      ':',
      '@',
      '%2f',
      '%5c',
      '%09',
      '?',
      '#',
      'h',
      'https:',
      'evil.example',
      '\t',
      '\n',
      'app.example.com',
    ),
    maxLength: 12,
  })
  fc.assert(
    fc.property(fc.oneof(hostile, fc.webUrl(), fc.webPath(), fc.string()), (target) => {
      const accepted = verify(target)
      if (accepted === null) return
      const { origin } = new URL(accepted, OWN)
      expect(origin === OWN || LISTED.has(origin)).toBe(true)
      expect(accepted).toMatch(/^[\x21-\x7e]+$/)
      expect(accepted.startsWith('//')).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

describe('the page that a person asked for, as a return target', () => {
  test.each([
    ['/page', '/page'],
    ['/page?a=1&b=%C3%A9', '/page?a=1&b=%C3%A9'],
    ['/search?next=%2Forders%2F7', '/search?next=/orders/7'],
    ['/files/a%2Fb', '/'],
    ['/page?q=a%5Cb', '/'],
    ['//evil.example', '/'],
    ['http://evil.example/', '/'],
    [`/${'x'.repeat(3000)}`, '/'],
  ])('%s', (url, expected) => {
    expect(returnTargetOf(url, OWN)).toBe(`${OWN}${expected}`)
  })

  test('is accepted when it comes back', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webPath(), fc.webUrl({ withQueryParameters: true }), fc.string()), (url) => {
        expect(safeReturnTarget(returnTargetOf(url, OWN), OWN, LISTED)).not.toBeNull()
      }),
    )
  })
})
