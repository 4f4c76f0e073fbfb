import { describe, expect, it } from 'vitest'
import { createClerk } from '../../create-clerk.js'
import { ConfigurationError } from '../../ground/errors.js'
import type { AnyAuth, AnyClerk } from './any-clerk.js'
import { createGuard, storedAuth } from './guard.js'
import {
  ClerkNotNamedError,
  findState,
  MiddlewareMissingError,
  makeState,
  setState,
  stateOf,
} from './request-state.js'

const clerkOf = (name: string): AnyClerk =>
  createClerk({
    issuer: `https://${name}.example.com`,
    jwksUrl: `https://${name}.example.com/jwks`,
    authorizedParties: ['https://app.example.com'],
  }) as AnyClerk
const [shop, administration, third] = [clerkOf('shop'), clerkOf('administration'), clerkOf('third')]

const userOf = (clerk: AnyClerk, userId = 'user_1') =>
  makeState(
    clerk,
    {
      kind: 'user',
      userId,
      source: 'token',
      sessionStatus: 'active',
      organizationMismatch: false,
    } as AnyAuth,
    undefined,
    undefined,
  )
const visitorOf = (clerk: AnyClerk) =>
  makeState(clerk, { kind: 'anonymous', tokenRefused: false } as AnyAuth, undefined, undefined)

const guard = (...given: Parameters<typeof createGuard> extends [unknown, ...infer G] ? G : never) =>
  createGuard<object>(
    { middleware: 'clerkMiddleware', setAuth: () => undefined, webRequestOf: () => expect.unreachable() },
    ...given,
  )

describe('a request that one clerk has authenticated', () => {
  it('is decided by it, named or not, and by no other', () => {
    const request = {}
    setState(request, userOf(shop))
    expect(guard()(request)).toBe(null)
    expect(guard({}, { clerk: shop })(request)).toBe(null)
    expect(() => guard({}, { clerk: administration })(request)).toThrow(MiddlewareMissingError)
    expect(() => stateOf({}, 'clerkMiddleware')).toThrow(MiddlewareMissingError)
  })

  it('holds the latest of its answers', () => {
    const request = {}
    setState(request, visitorOf(shop))
    setState(request, userOf(shop))
    expect(findState(request)).toMatchObject({ auth: { kind: 'user' }, earlier: null })
    expect(guard()(request)).toBe(null)
  })
})

describe('a request that several clerks have authenticated', () => {
  const request = {}
  setState(request, visitorOf(administration))
  setState(request, userOf(shop))
  setState(request, visitorOf(third))

  it('is not decided by a guard that names none of them', () => {
    expect(() => guard()(request)).toThrow(ClerkNotNamedError)
    expect(() => guard({ machine: 'allow' }, { redirect: false })(request)).toThrow(ClerkNotNamedError)
    expect(() => storedAuth(request, 'clerkMiddleware')).toThrow(ClerkNotNamedError)
  })

  it('is decided by the one that the guard names', () => {
    expect(guard({}, { clerk: shop })(request)).toBe(null)
    expect(guard({}, { clerk: administration })(request)).toMatchObject({ status: 401 })
    expect(storedAuth(request, 'clerkMiddleware', { clerk: shop }).kind).toBe('user')
    expect(storedAuth(request, 'clerkMiddleware', { clerk: third }).kind).toBe('anonymous')
  })

  it('holds one answer of each', () => {
    const again = {}
    for (const clerk of [shop, administration, shop, third, administration]) setState(again, visitorOf(clerk))
    setState(again, userOf(shop, 'user_2'))
    const found = [shop, administration, third].map((clerk) => findState(again, clerk)?.auth)
    expect(found).toMatchObject([{ userId: 'user_2' }, { kind: 'anonymous' }, { kind: 'anonymous' }])
    let count = 0
    for (let state = findState(again); state !== null; state = state.earlier) count += 1
    expect(count).toBe(3)
  })
})

describe('options of a guard', () => {
  it.each<[unknown, string]>([
    [{ clerk: undefined }, 'requireAuth clerk'],
    [{ clerk: null }, 'requireAuth clerk'],
    [{ clerk: {} }, 'requireAuth clerk'],
    [{ redirect: 'yes' }, 'requireAuth redirect'],
    [{ redirects: true }, 'requireAuth redirects'],
    [null, 'requireAuth options'],
    [[], 'requireAuth options'],
    [Promise.resolve({}), 'requireAuth options'],
    [Object.create({ clerk: shop }), 'requireAuth options'],
  ])('%o are refused when it is made', (options, option) => {
    try {
      guard({}, options as never)
      expect.unreachable()
    } catch (error) {
      expect(error instanceof ConfigurationError && error.problems.map((problem) => problem.option)).toEqual([
        option,
      ])
    }
  })

  it('may be left out one by one', () => {
    expect(guard({}, {})).toBeTypeOf('function')
    expect(guard({}, { redirect: undefined })).toBeTypeOf('function')
    expect(() => storedAuth({}, 'clerkMiddleware', { clerk: undefined } as never)).toThrow(ConfigurationError)
  })

  it('are its own: none comes from a polluted prototype', () => {
    Object.defineProperty(Object.prototype, 'clerk', { value: shop, configurable: true })
    try {
      const request = {}
      setState(request, visitorOf(administration))
      setState(request, userOf(shop))
      expect(() => guard({}, {})(request)).toThrow(ClerkNotNamedError)
    } finally {
      delete (Object.prototype as { clerk?: unknown }).clerk
    }
  })
})

describe('a requirement that was meant and came out undefined', () => {
  it('makes no guard', () => {
    const requirements: Record<string, object> = { admin: { role: 'admin' } }
    expect(() => guard(requirements['admn'] as object)).toThrow(/requirement: is undefined/)
  })
})
