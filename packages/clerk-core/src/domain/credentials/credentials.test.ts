import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bearerOf } from './bearer.js'
import { readSessionCookies } from './cookies.js'
import type { Credentials } from './credentials.js'
import { isSameOriginNavigation, violatesOriginRule } from './origin.js'

// Made once and kept short: to make it costs half a second, and long strings of it find nothing more.
const anything = fc.string({ unit: 'binary', maxLength: 30 })

describe('Authorization', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER abc', 'abc'],
    ['Bearer   abc  ', 'abc'],
    ['Bearer a b', 'a b'],
    ['Bearer', null],
    ['Bearer ', null],
    ['Bearer    ', null],
    ['Bearerabc', null],
    ['Basic dXNlcjpwYXNz', null],
    ['Token abc', null],
    [' Bearer abc', null],
    ['', null],
    [undefined, null],
  ])('%j carries %j', (header, token) => {
    expect(bearerOf(header)).toBe(token)
  })

  it('survives anything', () => {
    const header = fc.oneof(
      anything,
      anything.map((rest) => `Bearer ${rest}`),
    )
    fc.assert(fc.property(header, (text) => ['string', 'object'].includes(typeof bearerOf(text))))
  })
})

describe('cookies', () => {
  const none = { token: null, clientUat: null }

  it.each<[string, string | undefined, object]>([
    ['nothing', undefined, none],
    ['an empty header', '', none],
    ['others', 'a=1; b=2; __host=3', none],
    ['the plain set', '__session=tok; __client_uat=17', { token: 'tok', clientUat: 17 }],
    ['without spaces', '__session=tok;__client_uat=17', { token: 'tok', clientUat: 17 }],
    ['spaces around', ' __session = tok ;  __client_uat = 17 ', { token: 'tok', clientUat: 17 }],
    ['the suffixed set', '__session_1Z8AzTQD=own; __client_uat_1Z8AzTQD=18', { token: 'own', clientUat: 18 }],
    [
      'both sets: this instance wins, both cookies from it',
      '__session=tok; __client_uat=17; __session_1Z8AzTQD=own; __client_uat_1Z8AzTQD=18',
      { token: 'own', clientUat: 18 },
    ],
    [
      'both sets, the other way round',
      '__client_uat_1Z8AzTQD=18; __session_1Z8AzTQD=own; __client_uat=17; __session=tok',
      { token: 'own', clientUat: 18 },
    ],
    [
      'a plain uat never counts for a suffixed session',
      '__session_1Z8AzTQD=own; __client_uat=0',
      { token: 'own', clientUat: null },
    ],
    [
      'signed out of this instance: the plain session is not its own',
      '__session=tok; __client_uat=17; __client_uat_1Z8AzTQD=0',
      { token: null, clientUat: 0 },
    ],
    ['of another instance', '__session_XXXXXXXX=own; __client_uat_XXXXXXXX=18', none],
    [
      'the first of a name sent twice',
      '__session=a; __session=b; __client_uat=1; __client_uat=2',
      { token: 'a', clientUat: 1 },
    ],
    ['quotes', '__session="tok"; __client_uat="17"', { token: 'tok', clientUat: 17 }],
    ['one quote', '__session="; __client_uat=17', { token: '"', clientUat: 17 }],
    ['an empty session', '__session=; __client_uat=0', { token: null, clientUat: 0 }],
    ['an equals sign in the value', '__session=a=b==', { token: 'a=b==', clientUat: null }],
    ['no equals sign', '__session; __client_uat', none],
    ['another case', '__SESSION=tok; __Client_uat=1', none],
    ['a name that ends like ours', 'x__session=tok; __session2=tok', none],
  ])('%s', (_name, header, expected) => {
    expect(readSessionCookies(header, '1Z8AzTQD')).toEqual(expected)
  })

  it.each(['abc', '-1', '1.5', '1e3', '0x10', ' ', '99999999999999999999', 'NaN'])(
    'reads no time from %j',
    (value) => {
      expect(readSessionCookies(`__session=tok; __client_uat=${value}`, null)).toEqual({
        token: 'tok',
        clientUat: null,
      })
    },
  )

  it('knows no suffixed set without a publishable key', () => {
    expect(readSessionCookies('__session_1Z8AzTQD=own', null)).toEqual(none)
    expect(readSessionCookies('__session=tok', null)).toEqual({ token: 'tok', clientUat: null })
  })

  it('survives anything, and finds ours in any company', () => {
    const junk = fc.array(anything, { maxLength: 10 })
    fc.assert(
      fc.property(junk, junk, (before, after) => {
        const ours = (parts: string[]) =>
          parts.filter((part) => !/__session|__client_uat/.test(part) && !part.includes(';'))
        const header = [...ours(before), '__session=tok', '__client_uat=17', ...ours(after)].join(';')
        expect(readSessionCookies(header, 'x')).toEqual({ token: 'tok', clientUat: 17 })
        readSessionCookies([...before, ...after].join(';'), 'x')
      }),
    )
  })
})

describe('the Origin rule', () => {
  const parties = new Set(['https://app.example.com'])
  const unsafe: Credentials = { cookie: '__session=tok', method: 'POST' }

  it.each<[string, Credentials, boolean]>([
    ['no cookie', { method: 'POST', origin: 'https://evil.example' }, false],
    ['GET', { ...unsafe, method: 'GET', origin: 'https://evil.example' }, false],
    ['HEAD', { ...unsafe, method: 'HEAD' }, false],
    ['OPTIONS', { ...unsafe, method: 'OPTIONS' }, false],
    ['a listed origin', { ...unsafe, origin: 'https://app.example.com' }, false],
    ['same origin, says the browser', { ...unsafe, fetchSite: 'same-origin' }, false],
    ['no origin', unsafe, true],
    ['another origin', { ...unsafe, origin: 'https://evil.example' }, true],
    ['a prefix of it', { ...unsafe, origin: 'https://app.example.com.evil.example' }, true],
    ['the null origin', { ...unsafe, origin: 'null' }, true],
    ['same site is not same origin', { ...unsafe, fetchSite: 'same-site' }, true],
    ['typed into the address bar', { ...unsafe, fetchSite: 'none' }, true],
    ['no method', { cookie: 'a=1' }, true],
    ['an unknown method', { cookie: 'a=1', method: 'PURGE' }, true],
    ['a method in lower case', { cookie: 'a=1', method: 'get' }, true],
    ['any cookie, not only ours', { cookie: 'connect.sid=1', method: 'DELETE' }, true],
    ['an upgrade', { cookie: 'a=1', method: 'GET', upgrade: true }, true],
    [
      'an upgrade from elsewhere',
      { cookie: 'a=1', method: 'GET', upgrade: true, origin: 'https://evil.example' },
      true,
    ],
    [
      'an upgrade from a listed page',
      { cookie: 'a=1', method: 'GET', upgrade: true, origin: 'https://app.example.com' },
      false,
    ],
  ])('%s', (_name, credentials, violated) => {
    expect(violatesOriginRule(credentials, parties)).toBe(violated)
  })

  it("with 'any' lists no origin", () => {
    expect(violatesOriginRule({ ...unsafe, origin: 'https://app.example.com' }, null)).toBe(true)
    expect(violatesOriginRule({ ...unsafe, fetchSite: 'same-origin' }, null)).toBe(false)
  })

  it('a cookie token may lack azp on a document navigation or a same-origin request', () => {
    expect(isSameOriginNavigation({ fetchDest: 'document', fetchSite: 'cross-site' })).toBe(true)
    expect(isSameOriginNavigation({ fetchSite: 'same-origin', fetchDest: 'empty' })).toBe(true)
    for (const credentials of [
      {},
      { fetchSite: 'same-site' },
      { fetchDest: 'iframe' },
      { fetchDest: 'empty' },
    ]) {
      expect(isSameOriginNavigation(credentials)).toBe(false)
    }
  })
})
