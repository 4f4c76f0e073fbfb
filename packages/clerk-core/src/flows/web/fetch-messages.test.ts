import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressBehindProxy, targetOf, toFetchResponse, webRequestFromFetch } from './fetch-messages.js'

test('the target of a URL is its path and query', () => {
  const segment = fc.string({ unit: fc.constantFrom('a', '/', '?', '%2f', ':', '@'), maxLength: 8 })
  fc.assert(
    fc.property(segment, (rest) => {
      const { href, pathname, search } = new URL(`https://app.example:8443/${rest}`)
      expect(targetOf(href)).toBe(
        `${pathname}${search}`.concat(href.endsWith('?') && search === '' ? '?' : ''),
      )
    }),
  )
  expect(targetOf('https://app.example')).toBe('/')
})

test.each<[string, Record<string, string>, string | null]>([
  ['nothing', {}, 'http://inside:8080'],
  [
    'one proxy',
    { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example.com' },
    'https://app.example.com',
  ],
  ['a list', { 'x-forwarded-host': 'evil.example, app.example.com' }, 'http://app.example.com'],
  ['no host', { 'x-forwarded-host': 'a b' }, null],
  ['no protocol', { 'x-forwarded-proto': 'javascript' }, null],
  ['an empty value', { 'x-forwarded-host': '' }, 'http://inside:8080'],
])('the origin where a trusted proxy says: %s', (_what, headers, origin) => {
  const request = new Request('http://inside:8080/a?b', { headers })
  expect(webRequestFromFetch(request, true)).toMatchObject({ url: '/a?b', origin, headers })
  expect(webRequestFromFetch(request).origin).toBe('http://inside:8080')
})

test('the address is what the proxy in front has added, where it is believed', () => {
  expect(addressBehindProxy('198.51.100.7, 203.0.113.9', true, '10.0.0.1')).toBe('203.0.113.9')
  expect(addressBehindProxy('198.51.100.7, 203.0.113.9', false, '10.0.0.1')).toBe('10.0.0.1')
  for (const none of [null, undefined, '', 'a, '])
    expect(addressBehindProxy(none, true, '10.0.0.1')).toBe('10.0.0.1')
})

test('a response is JSON, or headers alone', async () => {
  const json = toFetchResponse({
    status: 403,
    headers: { 'Cache-Control': 'no-store' },
    body: { code: 'forbidden' },
  })
  expect([
    json.status,
    json.headers.get('content-type'),
    json.headers.get('cache-control'),
    await json.json(),
  ]).toEqual([403, 'application/json; charset=utf-8', 'no-store', { code: 'forbidden' }])
  const redirect = toFetchResponse({ status: 303, headers: { Location: '/' }, body: null })
  expect([redirect.status, redirect.headers.get('location'), redirect.body]).toEqual([303, '/', null])
})
