import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compact } from '../../../testing/signer.js'
import { checkListedOrigin, originList } from '../../ground/options/origins.js'
import { bearerOf } from './bearer.js'
import { readSessionCookies } from './cookies.js'
import { type PresentCredentials, withoutNulls } from './credentials.js'
import { excuseForMissingAzp, violatesOriginRule } from './origin.js'

// Made once and kept short: to make it costs half a second, and long strings of it find nothing more.
const anything = fc.string({ unit: 'binary', maxLength: 30 })

const NOW = 1_800_000_000
const INSTANCE = { suffix: '1Z8AzTQD', issuer: 'https://clerk.example.com', production: true }

/** What the choice between the sets reads of a token. */
function token(iat: number, iss = INSTANCE.issuer, exp = NOW + 60): string {
  return compact({ alg: 'RS256' }, { iss, iat, exp }, () => Buffer.from('not verified here'))
}

describe('Authorization', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER abc', 'abc'],
    ['Bearer   abc  ', 'abc'],
    ['Bearer a b', 'a b'],
    ['Bearer\tabc', 'abc'],
    ['bearer \t abc', 'abc'],
    ['abc.def.g-_h', 'abc.def.g-_h'],
    ['ak_abcdef', 'ak_abcdef'],
    ['oat_abcdef', 'oat_abcdef'],
    ['abcdefghij', null],
    ['abc.def', null],
    ['abc.def.ghi.jkl', null],
    ['Basic abc.def.ghi', null],
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

  const read = (header: string | undefined, instance: typeof INSTANCE | null = INSTANCE) =>
    readSessionCookies(header, instance, () => NOW)

  it.each<[string, string | undefined, object]>([
    ['nothing', undefined, none],
    ['an empty header', '', none],
    ['others', 'a=1; b=2; __host=3', none],
    ['the plain set', '__session=tok; __client_uat=17', { token: 'tok', clientUat: 17 }],
    ['without spaces', '__session=tok;__client_uat=17', { token: 'tok', clientUat: 17 }],
    ['spaces around', ' __session = tok ;  __client_uat = 17 ', { token: 'tok', clientUat: 17 }],
    ['the suffixed set', '__session_1Z8AzTQD=own; __client_uat_1Z8AzTQD=18', { token: 'own', clientUat: 18 }],
    [
      'of another instance in the plain set',
      `__session=${token(9, 'https://other.example')}; __client_uat=17; __session_1Z8AzTQD=own; __client_uat_1Z8AzTQD=18`,
      { token: 'own', clientUat: 18 },
    ],
    [
      'a stale suffixed token beside a fresh plain one of this instance',
      `__session=${token(9)}; __client_uat=17; __session_1Z8AzTQD=${token(8)}; __client_uat_1Z8AzTQD=18`,
      { token: token(9), clientUat: 17 },
    ],
    [
      'the same, the other way round',
      `__client_uat_1Z8AzTQD=18; __session_1Z8AzTQD=${token(9)}; __client_uat=17; __session=${token(8)}`,
      { token: token(9), clientUat: 18 },
    ],
    [
      'a plain uat never counts for a suffixed session',
      `__session_1Z8AzTQD=${token(9)}; __client_uat_1Z8AzTQD=x; __client_uat=0`,
      { token: token(9), clientUat: null },
    ],
    [
      'signed out by the suffixed set, signed in by the plain one',
      `__session=${token(9)}; __client_uat=17; __client_uat_1Z8AzTQD=0`,
      { token: token(9), clientUat: 17 },
    ],
    [
      'signed out by both',
      `__session=${token(9)}; __client_uat=0; __client_uat_1Z8AzTQD=0`,
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
    expect(read(header)).toEqual(expected)
  })

  it.each(['abc', '-1', '1.5', '1e3', '0x10', ' ', '99999999999999999999', 'NaN'])(
    'reads no time from %j',
    (value) => {
      expect(read(`__session=tok; __client_uat=${value}`, null)).toEqual({
        token: 'tok',
        clientUat: null,
      })
    },
  )

  it('knows no suffixed set without a publishable key', () => {
    expect(read('__session_1Z8AzTQD=own', null)).toEqual(none)
    expect(read('__session=tok', null)).toEqual({ token: 'tok', clientUat: null })
  })

  it('survives anything, and finds ours in any company', () => {
    const junk = fc.array(anything, { maxLength: 10 })
    fc.assert(
      fc.property(junk, junk, (before, after) => {
        const ours = (parts: string[]) =>
          parts.filter((part) => !/__session|__client_uat/.test(part) && !part.includes(';'))
        const header = [...ours(before), '__session=tok', '__client_uat=17', ...ours(after)].join(';')
        expect(read(header)).toEqual({ token: 'tok', clientUat: 17 })
        read([...before, ...after].join(';'))
      }),
    )
  })
})

describe('the Origin rule', () => {
  const parties = originList(
    ['https://app.example.com', 'https://*.preview.example.com'].flatMap((text) => {
      const checked = checkListedOrigin(text)
      return 'value' in checked ? checked.value : []
    }),
  )
  const unsafe: PresentCredentials = { cookie: '__session=tok', method: 'POST' }

  it.each<[string, PresentCredentials, boolean]>([
    ['no cookie', { method: 'POST', origin: 'https://evil.example' }, false],
    ['GET', { ...unsafe, method: 'GET', origin: 'https://evil.example' }, false],
    ['HEAD', { ...unsafe, method: 'HEAD' }, false],
    ['OPTIONS', { ...unsafe, method: 'OPTIONS' }, false],
    ['a listed origin', { ...unsafe, origin: 'https://app.example.com' }, false],
    ['same origin, says the browser', { ...unsafe, fetchSite: 'same-origin' }, false],
    ['an origin that a pattern lists', { ...unsafe, origin: 'https://pr-7.preview.example.com' }, false],
    ['one below it', { ...unsafe, origin: 'https://a.pr-7.preview.example.com' }, true],
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

  it.each<[string, PresentCredentials, string | null]>([
    ['a document navigation', { fetchDest: 'document', fetchSite: 'cross-site' }, 'navigation'],
    ['a request of this server’s own page', { fetchSite: 'same-origin', fetchDest: 'empty' }, 'same-origin'],
    [
      'a page that is listed by name',
      { fetchSite: 'same-site', origin: 'https://app.example.com' },
      'listed-origin:https://app.example.com',
    ],
    ['a page that a pattern lists', { origin: 'https://pr-7.preview.example.com' }, null],
    ['a page that is not listed', { origin: 'https://evil.example' }, null],
    ['nothing', {}, null],
    ['the same site', { fetchSite: 'same-site' }, null],
    ['a frame', { fetchDest: 'iframe' }, null],
    ['a script', { fetchDest: 'empty' }, null],
  ])('%s excuses a missing azp of a cookie token, or does not', (_name, credentials, excuse) => {
    expect(excuseForMissingAzp(credentials, parties)).toBe(excuse)
  })

  it("'any' lists no page that would excuse a missing azp", () => {
    expect(excuseForMissingAzp({ origin: 'https://app.example.com' }, null)).toBe(null)
  })
})

describe('credentials', () => {
  it('have undefined where a header is null, as Headers.get gives it', () => {
    const headers = new Headers()
    const [absent, user] = [headers.get('cookie'), { id: 7 }]
    expect(withoutNulls({ cookie: absent, authorization: 'Bearer x', localUser: user })).toEqual({
      authorization: 'Bearer x',
      localUser: user,
    })
    const present = { authorization: 'Bearer x' }
    expect(withoutNulls(present)).toBe(present)
  })
})
