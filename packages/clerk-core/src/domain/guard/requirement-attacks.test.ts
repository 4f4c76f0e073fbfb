import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { authorize, ConfigurationError, validateRequirement } from '../../../testing/authority-harness.js'
import type { UserAuth } from '../auth/auth.js'
import { hasAccess } from './has.js'
import type { HasParams, Requirement } from './requirement.js'

/** Anybody who is signed in, and nothing more. */
const SUBJECT = {
  orgId: null,
  role: null,
  permissions: [],
  fea: null,
  pla: null,
  fva: null,
  organizationScoped: false,
}
const anybody = {
  kind: 'user',
  isAuthenticated: true,
  userId: 'user_1',
  sessionId: 'sess_1',
  orgId: null,
  organizationMismatch: false,
  has: (params: HasParams) => hasAccess(SUBJECT, params),
} as unknown as UserAuth

/** What a guard made of any value at all says to anybody: `refused to be made` counts as a refusal. */
function outcome(value: unknown): 'allowed' | 'denied' | 'refused to be made' {
  let requirement: Requirement
  try {
    requirement = validateRequirement(value as Requirement)
  } catch (error) {
    if (error instanceof ConfigurationError) return 'refused to be made'
    throw error
  }
  return authorize(anybody, requirement) === null ? 'allowed' : 'denied'
}

class Inherited {
  get role() {
    return 'admin'
  }
}

describe('what is no plain object makes no guard', () => {
  test.each<[string, unknown]>([
    ['a promise of a requirement', Promise.resolve({ role: 'admin' })],
    ['a map', new Map([['role', 'admin']])],
    ['a set', new Set(['admin'])],
    ['an empty array', []],
    ['an array', ['admin']],
    ['a class with getters', new Inherited()],
    ['an object with inherited keys', Object.create({ role: 'admin' })],
    ['a date', new Date(0)],
    ['an error', new Error('no role')],
    ['a regular expression', /admin/],
    ['a string object', new String('')],
    ['a function', () => ({ role: 'admin' })],
    ['a key that is a symbol', { [Symbol('role')]: 'admin' }],
    ['a key that is not enumerable', Object.defineProperty({}, 'role', { value: 'admin' })],
  ])('%s', (_name, value) => {
    expect(outcome(value)).toBe('refused to be made')
  })
})

test('no value but {} makes a guard that lets anybody in', () => {
  const isEmpty = (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value)) &&
    Reflect.ownKeys(value).length === 0
  const odd = fc.oneof(
    fc.anything({
      withMap: true,
      withSet: true,
      withDate: true,
      withTypedArray: true,
      withNullPrototype: true,
    }),
    fc.dictionary(fc.constantFrom('role', 'permission', 'org', 'plan', 'machine', 'rol'), fc.anything()),
  )
  fc.assert(
    fc.property(odd, (value) => {
      fc.pre(!isEmpty(value))
      // `local` and `machine: 'allow'` widen a guard; on their own they ask for a signed-in user.
      fc.pre(!isWidening(value))
      expect(outcome(value)).not.toBe('allowed')
    }),
    { numRuns: 500 },
  )
})

function isWidening(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['machine', 'local'].some((key) => Object.hasOwn(value, key))
  )
}

test('a requirement changed after it was given changes no guard', () => {
  const given: { role?: string } = { role: 'admin' }
  const requirement = validateRequirement(given)
  delete given.role
  expect(authorize(anybody, requirement)).not.toBeNull()
})

test('a nested requirement changed after it was given changes no guard', () => {
  const reverification = { level: 'first_factor' as const, afterMinutes: 10 }
  const requirement = validateRequirement({ reverification })
  reverification.afterMinutes = 1e9
  const stale = {
    ...anybody,
    has: (params: HasParams) => hasAccess({ ...SUBJECT, fva: [60, -1] }, params),
  } as unknown as UserAuth
  expect(authorize(stale, requirement)).not.toBeNull()
})

describe('a polluted Object.prototype opens nothing', () => {
  const pollute = (name: string, value: unknown) => {
    Object.defineProperty(Object.prototype, name, {
      value,
      configurable: true,
      enumerable: false,
      writable: true,
    })
    onTestFinished(() => {
      delete (Object.prototype as Record<string, unknown>)[name]
    })
  }
  const machine = {
    kind: 'machine',
    isAuthenticated: true,
    userId: null,
    orgId: null,
    scopes: [],
    has: () => false,
  } as never
  const local = { kind: 'local', isAuthenticated: true, user: { id: 1 }, has: () => false } as never

  test('to machines', () => {
    const requirement = validateRequirement({ org: true } as Requirement)
    const plain = validateRequirement({})
    pollute('machine', 'allow')
    expect(authorize(machine, plain)).not.toBeNull()
    expect(authorize({ ...(machine as object), orgId: 'org_1' } as never, requirement)).not.toBeNull()
  })

  test('to local users', () => {
    const plain = validateRequirement({})
    pollute('local', 'allow')
    expect(authorize(local, plain)).not.toBeNull()
  })

  test('to people without the role', () => {
    pollute('role', 'member')
    const member = { ...SUBJECT, orgId: 'org_1', role: 'org:member' }
    expect(hasAccess(member, { permission: undefined } as unknown as HasParams)).toBe(false)
    expect(hasAccess(member, {} as HasParams)).toBe(false)
  })
})

describe('what is asked without a guard', () => {
  test.each([{ rol: 'admin' }, { role: undefined }, { org: undefined }])('authorize refuses %o', (asked) => {
    expect(() => authorize(anybody, asked as unknown as Requirement)).toThrow(ConfigurationError)
  })

  test('has is false for a key that it does not know, and for an undefined value', () => {
    const member = { ...SUBJECT, orgId: 'org_1', role: 'org:member', permissions: [] }
    const asked = (params: object) => hasAccess(member, params as HasParams)
    expect(asked({ role: 'member' })).toBe(true)
    expect(asked({ role: 'member', permission: undefined })).toBe(false)
    expect(asked({ role: 'member', permision: 'org:invoices:manage' })).toBe(false)
    expect(asked(Object.create({ role: 'member' }))).toBe(false)
    expect(asked([])).toBe(false)
  })
})
