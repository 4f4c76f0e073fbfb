import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import * as errors from './errors.js'
import { ClerkApiError, StoreUnavailableError, WebhookDataError } from './errors.js'

const SECRET = 'sk_live_never_to_be_seen'

/** As clients throw it that put the whole request into their errors. */
function leaking(): Error {
  const inner = Object.assign(new Error(`connect to https://${SECRET}@db.example.com`), {
    code: 'ECONNREFUSED',
    [Symbol('request')]: { headers: { authorization: `Bearer ${SECRET}` } },
  })
  const error = new TypeError(`failed with ${SECRET}`, { cause: inner })
  return Object.assign(error, { config: { secret: SECRET }, code: `for ${SECRET}` })
}

describe('the cause of an error of ours', () => {
  // The module has a predicate about them as well.
  const classes = Object.entries(errors).filter(([, one]) => one.prototype instanceof Error)
  test.each(classes)('%s has a class and a code, and nothing that was sent', (name, Class) => {
    const Made = Class as unknown as new (...given: unknown[]) => Error
    const given = {
      TokenError: ['keys-unavailable', 'text'],
      ConfigurationError: [[]],
      StoreFaultError: [{ fault: 'other', driverCode: '23514', model: 'User', remedy: 'text' }],
      ClerkApiError: ['text', { status: 0 }],
    }[name] ?? ['text']
    const last = given.at(-1)
    const options = typeof last === 'object' && !Array.isArray(last) ? given.pop() : {}
    const error = new Made(...given, { ...(options as object), cause: leaking() })
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(SECRET)
    // These two have none at all.
    if (name === 'ConfigurationError' || name === 'StoreFaultError')
      return expect(error.cause).toBeUndefined()
    return expect(error.cause).toMatchObject({
      name: 'TypeError',
      cause: { name: 'Error', code: 'ECONNREFUSED' },
    })
  })

  test('is the same error where it is one of ours', () => {
    const cause = new WebhookDataError('user.id is missing.')
    expect(new ClerkApiError('Not as documented.', { status: 0, cause }).cause).toBe(cause)
  })

  test('is absent where there is none, and says nothing where it is no error', () => {
    expect('cause' in new StoreUnavailableError('down')).toBe(false)
    expect(inspect(new StoreUnavailableError('down', { cause: SECRET }))).not.toContain(SECRET)
  })

  test('that goes round in a circle ends', () => {
    const cause: Error & { cause?: unknown } = new Error(SECRET)
    cause.cause = cause
    expect(inspect(new StoreUnavailableError('down', { cause }), { depth: 20 })).not.toContain(SECRET)
  })
})
