import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loggedError } from './logged-error.js'
import { createRedact, privateValues, quote } from './redact.js'

const SECRET = 'sk_test_4eC39HqLyjWDarjtT1zdp7dc'
const redact = createRedact([SECRET])

describe('what has the form of a secret, a token or an address is replaced', () => {
  it.each([
    ['an address', 'no row for ada.lovelace+x@mail.example.com.', 'no row for [address].'],
    ['an address in a URL', 'GET /u?e=ada%40example.com', 'GET /u?e=[address]'],
    ['a JWT', 'bad eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln!', 'bad [token]!'],
    ['a bearer', 'authorization: Bearer abc.def', 'authorization: Bearer [token]'],
    ['a cookie', '__session_ab12=abc; __client_uat=17', '__session_ab12=[token]; __client_uat=[token]'],
    ['a secret key', 'with sk_live_abcdef', 'with [secret]'],
    ['a webhook secret', 'with whsec_AbC/+9==', 'with [secret]'],
    ['an API key', 'with ak_0123456789abcdef', 'with [token]'],
    ['a password of a database', 'postgres://app:pass@db/x', 'postgres://[secret]@db/x'],
    ['our own secret', `key ${SECRET}`, 'key [secret]'],
  ])('%s', (_, text, clean) => expect(redact(text)).toBe(clean))

  it('leaves the frames of a stack as they are', () => {
    const stack = [
      'TypeError: x is not a function',
      '    at /app/node_modules/@prisma/client/runtime/library.js:121:7',
      '    at /app/node_modules/.pnpm/@prisma+client@5.1.0_prisma@5.1.0/node_modules/x.js:1:2',
      '    at Object.<anonymous> (file:///app/src/break_everything.ts:3:1)',
    ].join('\n')
    expect(redact(stack)).toBe(stack)
  })
})

/** Values as they come: with quotes, lines, other scripts, halves of characters. */
const value = fc
  .tuple(
    fc.constantFrom('canary-', 'Канарейка ', 'can"ary\n', "can'ary\\"),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.nat(),
  )
  .map(([start, middle, end]) => `${start}${middle}${end}`)

/** Half a character has no form in a URL. */
function inUrl(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return text
  }
}

describe('the private values of an event', () => {
  it('are gone from a message, however the application has written it', () => {
    const forms: readonly ((one: string) => string)[] = [
      (one) => one,
      (one) => JSON.stringify({ iban: one }),
      (one) => JSON.stringify(JSON.stringify({ iban: one })),
      (one) => inspect({ iban: one }),
      inUrl,
      (one) => one.toLowerCase(),
    ]
    const event = fc.record({ iban: value, nested: fc.array(fc.record({ pin: value }), { maxLength: 3 }) })
    fc.assert(
      fc.property(event, fc.constantFrom(...forms), fc.string(), (metadata, write, around) => {
        const values = privateValues({ data: { private_metadata: metadata } })
        for (const one of values) {
          const clean = redact(`${around}${write(one)}${around}`, values)
          expect(clean.replaceAll(around, '')).not.toContain(one)
          expect(clean).toContain('[private]')
        }
      }),
    )
  })

  it('are found at any depth, beside the addresses, and nothing else is', () => {
    const data = {
      id: 'user_1',
      first_name: 'Ada',
      email_addresses: [
        { id: 'idn_1', email_address: 'ada@example.com', verification: { status: 'verified' } },
      ],
      private_metadata: { plan: { price: 1234 }, on: true },
    }
    expect(privateValues(data)).toEqual(['ada@example.com', '1234'])
  })

  it('are looked for once in data that holds itself', () => {
    const row: Record<string, unknown> = { email: 'ada@example.com' }
    row['self'] = row
    expect(privateValues(row)).toEqual(['ada@example.com'])
  })
})

describe('what a client sent', () => {
  it('is quoted in at most 100 printable characters, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (sent) => {
        expect(quote(sent)).toMatch(/^[\x20-\x7e…]{1,100}$/)
      }),
    )
  })

  it('is replaced where it is a token, a secret or an address, also where it is long', () => {
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2lnbmF0dXJl'
    expect(quote(token)).toBe('"[token]"')
    expect(quote(`${'x '.repeat(40)}${token}`)).not.toContain('eyJ')
    expect(quote(['ada@example.com', SECRET, {}])).toBe('["[address]", "[secret]", an object]')
    expect(quote('https://preview.example.com')).toBe('"https://preview.example.com"')
    expect(quote(undefined)).toBe('missing')
  })
})

describe('what was thrown', () => {
  const read = (thrown: unknown) => loggedError(thrown, (text) => redact(text, ['canary-7']))

  it('has message, stack, code and cause, and none of the fields that a driver adds', () => {
    const cause = Object.assign(new RangeError('canary-7'), { code: 'P2002', meta: { row: 'x' } })
    const logged = read(new TypeError('no mail for ada@example.com', { cause }))
    expect(logged).toMatchObject({
      name: 'TypeError',
      message: 'no mail for [address]',
      stack: expect.stringMatching(/^TypeError: no mail for \[address\]\n {4}at /),
      cause: { name: 'RangeError', message: '[private]', code: 'P2002' },
    })
    expect(JSON.stringify(logged)).not.toMatch(/canary-7|ada@|meta/)
  })

  it('writes no character that a terminal obeys', () => {
    expect(read(new Error('red \u001b[31m, back \u202e'))).toMatchObject({
      message: 'red \\u{1b}[31m, back \\u{202e}',
    })
  })

  it('may be anything', () => {
    const evil = new Error('x')
    Object.defineProperty(evil, 'message', {
      get() {
        throw new Error('again')
      },
    })
    expect(read(evil)).toMatchObject({ name: 'Error' })
    expect(read('ada@example.com')).toMatchObject({ message: '[address]' })
    expect(read({ email: 'canary-7' })).toMatchObject({ message: "{ email: '[private]' }" })
    fc.assert(fc.property(fc.anything(), (thrown) => void JSON.stringify(read(thrown))))
  })

  it('takes no longer than it is long', { timeout: 200_000 }, () => {
    for (const part of ['a', 'a@', 'eyJ', 'sk_test_', '__session=', 'Bearer ', '://', 'v1,', 'ak_']) {
      const text = part.repeat(Math.ceil(100_000 / part.length))
      const start = performance.now()
      redact(text)
      // A quadratic expression takes minutes here.
      expect(performance.now() - start).toBeLessThan(20_000)
    }
  })
})
