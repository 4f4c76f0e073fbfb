import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkListedOrigin, originList } from './origins.js'

function list(...texts: string[]) {
  return originList(
    texts.map((text) => {
      const checked = checkListedOrigin(text)
      if ('value' in checked) return checked.value
      throw new Error(checked.message)
    }),
  )
}

/** Why an entry is refused; it ends with a point, and the remedy too. */
function refusal(text: string): string | null {
  const checked = checkListedOrigin(text)
  if ('value' in checked) return null
  expect([checked.message, checked.remedy].every((one) => one.endsWith('.'))).toBe(true)
  return checked.message
}

describe('a pattern', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    [
      'https://*.preview.example.com',
      [
        'https://pr-7.preview.example.com',
        'https://a_b.preview.example.com',
        'https://xn--bcher-kva.preview.example.com',
      ],
      [
        'https://preview.example.com',
        'https://.preview.example.com',
        'https://a.b.preview.example.com',
        'http://pr-7.preview.example.com',
        'https://pr-7.preview.example.com:8443',
        'https://pr-7.preview.example.com.evil.example',
        'https://pr-7.preview.example.com/',
        'https://PR-7.preview.example.com',
        'https://evilpreview.example.com',
        'https://evil.example/.preview.example.com',
        'https://evil.example#.preview.example.com',
        'https://user@a.preview.example.com',
        'https://a.previewxexample.com',
        'https://a.preview.example.com\n',
        'null',
        '',
      ],
    ],
    [
      'https://*.Preview.Example.com:443/',
      ['https://a.preview.example.com'],
      ['https://a.preview.example.com:443'],
    ],
    [
      'https://*.preview.example.com:8443',
      ['https://a.preview.example.com:8443'],
      ['https://a.preview.example.com'],
    ],
    ['https://*.bücher.example', ['https://a.xn--bcher-kva.example'], ['https://a.bücher.example']],
    ['https://*.my-app.pages.dev', ['https://1a2b3c.my-app.pages.dev'], ['https://my-app.pages.dev']],
    [
      'http://localhost:*',
      ['http://localhost', 'http://localhost:3000', 'http://localhost:65535'],
      [
        'https://localhost:3000',
        'http://localhost:',
        'http://localhost:1/x',
        'http://localhost.evil.example:3000',
      ],
    ],
    ['http://127.0.0.1:*', ['http://127.0.0.1:1'], ['http://127.0.0.2:1', 'http://127x0.0.1:1']],
    ['http://[::1]:*', ['http://[::1]:5173'], ['http://[::2]:5173']],
    ['https://app.localhost:*', ['https://app.localhost:5173'], ['https://other.localhost:5173']],
    [
      'moz-extension://*',
      ['moz-extension://1a2b3c4d-0000-4000-8000-000000000000'],
      ['moz-extension://', 'moz-extension://a/b', 'chrome-extension://abc', 'https://moz-extension'],
    ],
    [
      'safari-web-extension://*/',
      ['safari-web-extension://F9D5F5F4-0000-4000-8000-000000000000'],
      ['safari-web-extension://a.b'],
    ],
  ])('%s', (pattern, matching, others) => {
    const listed = list(pattern)
    expect(listed.exact.size).toBe(0)
    for (const origin of matching) expect([origin, listed.has(origin)]).toEqual([origin, true])
    for (const origin of others) expect([origin, listed.has(origin)]).toEqual([origin, false])
  })

  it.each([
    ['*', /not an origin/],
    ['https://', /not an origin/],
    ['https://*', /a host or a part of a label/],
    ['https://*.com', /fewer than two fixed labels/],
    ['https://*.localhost', /fewer than two fixed labels/],
    ['https://*.', /not an origin/],
    ['https://*.example.com.', /not an origin/],
    ['https://*..example.com', /not an origin/],
    ['https://*.0.0.1', /not an origin/],
    ['https://*.example.com/path', /not an origin/],
    ['https://*.example.com?x', /not an origin/],
    ['https://user@*.example.com', /not an origin/],
    ['https://*.exa mple.com', /not an origin/],
    ['https://*.*.example.com', /more than one/],
    ['https://*.example.com:*', /more than one/],
    ['https://app-*.example.com', /another place/],
    ['https://app.*.example.com', /another place/],
    ['https://*-app.example.com', /part of a label/],
    ['https://example.com:*', /not this machine/],
    ['http://localhost.evil.example:*', /not this machine/],
    ['*://app.example.com', /not an origin/],
    ['chrome-extension://*', /no pattern/],
    ['capacitor://*.example.com', /no pattern/],
    ['file://*', /no pattern/],
    ['moz-extension://*.a', /part of the host of an extension/],
    ['https://*.vercel.app', /vercel\.app, where strangers/],
    ['https://*.VERCEL.app:8443', /vercel\.app, where strangers/],
    ['https://*.netlify.app', /strangers/],
    ['https://*.app.github.dev', /strangers/],
    ['https://*.ngrok-free.app', /strangers/],
    ['https://*.eu.ngrok.io', /strangers/],
    ['https://*.euw.devtunnels.ms', /strangers/],
    ['https://*.s3.amazonaws.com', /strangers/],
    ['https://*.co.uk', /strangers/],
    ['https://*.com.au', /strangers/],
    ['https://*.co.jp', /strangers/],
  ])('%s is refused with its reason', (text, why) => {
    expect(refusal(text)).toMatch(why)
  })
})

// `xn--…` has to be the code of a name.
const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/).filter((text) => !text.startsWith('xn--'))
const domain = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => `${labels.join('.')}x.example`)

it('of every host pattern exactly the hosts with one more label are listed', () => {
  fc.assert(
    fc.property(domain, label, label, fc.constantFrom('', ':8443'), (suffix, one, other, port) => {
      const listed = list(`https://*.${suffix}${port}`)
      expect(listed.has(`https://${one}.${suffix}${port}`)).toBe(true)
      for (const host of [
        suffix,
        `${one}.${other}.${suffix}`,
        `${one}.${suffix}.${other}`,
        `${one}.${other}${suffix}`,
      ])
        expect(listed.has(`https://${host}${port}`)).toBe(false)
      expect(listed.has(`http://${one}.${suffix}${port}`)).toBe(false)
      expect(listed.has(`https://${one}.${suffix}${port === '' ? ':8443' : ''}`)).toBe(false)
    }),
  )
})

it('what is listed is an origin as a browser writes it, whatever was listed', () => {
  const texts = fc.array(
    fc.oneof(
      domain.map((suffix) => `https://*.${suffix}`),
      fc.constantFrom(
        'http://localhost:*',
        'moz-extension://*',
        'https://app.example.com',
        'https://*.my.vercel.app',
      ),
    ),
    { minLength: 1, maxLength: 3 },
  )
  const hostile = fc.string({
    unit: fc.constantFrom(
      'https://',
      'http://',
      'localhost',
      ':1',
      '/',
      '.',
      'x.example',
      'a',
      '@',
      '#',
      '\\',
      '%2e',
      '*',
      'é',
    ),
    maxLength: 8,
  })
  fc.assert(
    fc.property(texts, fc.oneof(hostile, fc.webUrl(), fc.string()), (entries, origin) => {
      if (!list(...entries).has(origin)) return
      expect(origin).toMatch(/^[a-z-]+:\/\/[\w.-]+(?::\d+)?$/)
      if (origin.startsWith('http')) expect(new URL(origin).host).toBe(origin.split('//')[1])
    }),
    { numRuns: 300 },
  )
})

it('with no pattern, has is what the names say', () => {
  const listed = list('https://App.example.com/', 'capacitor://localhost')
  expect([...listed.exact]).toEqual(['https://app.example.com', 'capacitor://localhost'])
  expect(listed.has('https://app.example.com')).toBe(true)
  expect(listed.size).toBe(2)
})
