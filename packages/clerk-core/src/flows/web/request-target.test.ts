import fc from 'fast-check'
import { expect, test } from 'vitest'
import { refuseMalformed } from './request-target.js'

/** What `@clerk/express` and `@clerk/fastify` do with a request before they look at it; they answer 400 where it throws. */
function fitsFetch(method: string, target: string): boolean {
  try {
    new Request(new URL(target, 'http://clerk-dummy'), { method })
    return true
  } catch {
    return false
  }
}

test('a request is refused exactly when it does not fit into a fetch Request', () => {
  const method = fc.constantFrom('GET', 'POST', 'OPTIONS', 'TRACE', 'PURGE')
  const target = fc.oneof(
    fc.webPath(),
    fc.string({
      unit: fc.constantFrom('/', '\\', 'a', ':', '?', '#', '@', '*', '%', '[', 'http:'),
      maxLength: 6,
    }),
    fc.constantFrom(
      '//',
      '///',
      '/',
      '*',
      '//host/path',
      'http://',
      '//[',
      '/\\',
      '//[@http:',
      '//a@b/',
      '//a:b@c',
      '//@a',
    ),
  )
  fc.assert(
    fc.property(method, target, (one, path) => {
      expect(refuseMalformed(one, path) === null).toBe(fitsFetch(one, path))
    }),
    { numRuns: 5000 },
  )
})
