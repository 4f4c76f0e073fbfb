import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigurationError } from '../../ground/errors.js'
import type { Auth, LocalAuth, MachineAuth, UserAuth } from '../auth/auth.js'
import { authorize } from './authorize.js'
import { hasAccess } from './has.js'
import type { HasParams, Requirement } from './requirement.js'
import { validateRequirement } from './validate-requirement.js'

const NOTHING = {
  orgId: null,
  role: null,
  permissions: [],
  fea: null,
  pla: null,
  fva: null,
  organizationScoped: false,
}
/** Signed in, and no more: whatever a requirement says beyond that, these do not have it. */
const user = {
  kind: 'user',
  isAuthenticated: true,
  source: 'session',
  sessionStatus: 'active',
  orgId: null,
  organizationMismatch: false,
  has: (params: HasParams) => hasAccess(NOTHING, params),
} as unknown as UserAuth
const pending = { ...user, sessionStatus: 'pending' } as UserAuth
const machine = {
  kind: 'machine',
  isAuthenticated: true,
  tokenType: 'api_key',
  scopes: [],
  orgId: null,
  has: () => false,
} as unknown as MachineAuth
const local = {
  kind: 'local',
  isAuthenticated: true,
  user: { id: 1 },
  has: () => false,
} as unknown as LocalAuth

/** Of a guard made of any value at all. */
function outcome(value: unknown, auth: Auth = user): 'allowed' | 'denied' | 'not made' {
  let requirement: Requirement
  try {
    requirement = validateRequirement(value as Requirement)
  } catch (error) {
    if (error instanceof ConfigurationError) return 'not made'
    throw error
  }
  return authorize(auth, requirement) === null ? 'allowed' : 'denied'
}

function problemsOf(value: unknown): ConfigurationError['problems'] {
  try {
    validateRequirement(value as Requirement)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}

class RoleGetter {
  get role() {
    return 'admin'
  }
}

describe('no guard is made of', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'admin'],
    ['true', true],
    ['a function', () => ({ role: 'admin' })],
    ['a promise', Promise.resolve({ role: 'admin' })],
    ['a Map', new Map([['role', 'admin']])],
    ['a Set', new Set(['admin'])],
    ['an empty array', []],
    ['an array', ['admin']],
    [
      'a class instance',
      new (class Admins {
        role = 'admin'
      })(),
    ],
    ['a class with getters', new RoleGetter()],
    ['an object with inherited keys', Object.create({ role: 'admin' })],
    ['an object with a getter', Object.defineProperty({}, 'role', { get: () => 'admin', enumerable: true })],
    ['an object with a hidden key', Object.defineProperty({}, 'role', { value: 'admin' })],
    ['an object with a symbol', { [Symbol('role')]: 'admin' }],
    ['a proxy that hides its keys', new Proxy({ role: 'admin' }, { ownKeys: () => [] })],
    ['a date', new Date(0)],
    ['an error', new Error('role')],
  ])('%s', (_name, value) => {
    expect(outcome(value)).toBe('not made')
  })

  it.each([
    [{ rol: 'admin' }, 'requirement.rol'],
    [{ role: undefined }, 'requirement.role'],
    [{ role: '' }, 'requirement.role'],
    [{ role: ' ' }, 'requirement.role'],
    [{ role: ['admin'] }, 'requirement.role'],
    [{ org: false }, 'requirement.org'],
    [{ org: 'org_1' }, 'requirement.org'],
    [{ oauth: {} }, 'requirement.oauth'],
    [{ oauth: true }, 'requirement.oauth'],
    [{ oauth: [] }, 'requirement.oauth'],
    [{ oauth: { resource: undefined } }, 'requirement.oauth'],
    [{ oauth: { resource: 'http://example.com' } }, 'requirement.oauth'],
    [{ oauth: { resource: 'https://a.example/"' } }, 'requirement.oauth'],
    [{ oauth: { scopes: [] } }, 'requirement.oauth'],
    [{ oauth: { scopes: 'read' } }, 'requirement.oauth'],
    [{ oauth: { scopes: ['a b'] } }, 'requirement.oauth'],
    [{ oauth: { scope: ['read'] } }, 'requirement.oauth'],
    [{ oauth: { scopes: ['read'], resources: 'x' } }, 'requirement.oauth'],
    [{ oauth: Object.create({ scopes: ['read'] }) }, 'requirement.oauth'],
    [{ scope: [] }, 'requirement.scope'],
    [{ scope: [7] }, 'requirement.scope'],
    [{ scope: ['read', ''] }, 'requirement.scope'],
    [{ scope: Array(1) }, 'requirement.scope'],
    [{ scope: new Set(['read']) }, 'requirement.scope'],
    [{ machine: true }, 'requirement.machine'],
    [{ machine: 'deny' }, 'requirement.machine'],
    [{ machine: [] }, 'requirement.machine'],
    [{ machine: ['api_key', 'session_token'] }, 'requirement.machine'],
    [{ machine: ['toString'] }, 'requirement.machine'],
    [{ pending: true }, 'requirement.pending'],
    [{ pending: 'only' }, 'requirement.pending'],
    [{ local: 'only' }, 'requirement.local'],
    [{ predicate: true }, 'requirement.predicate'],
    [{ reverification: 'often' }, 'requirement.reverification'],
    [{ reverification: { level: 'first_factor' } }, 'requirement.reverification'],
    [
      { reverification: { level: 'first_factor', afterMinutes: 5, minutes: 1 } },
      'requirement.reverification',
    ],
    [
      { reverification: Object.create({ level: 'first_factor', afterMinutes: 5 }) },
      'requirement.reverification',
    ],
    [{ constructor: 'x' }, 'requirement.constructor'],
    [JSON.parse('{ "__proto__": { "role": "admin" } }'), 'requirement.__proto__'],
  ])('%j', (value, option) => {
    expect(problemsOf(value).map((problem) => problem.option)).toEqual([option])
  })
})

describe('the error says', () => {
  it('every problem at once, and what to do about each', () => {
    const problems = problemsOf({ Roles: 'x', org: 7, machine: undefined, permision: 'a:b', whatever: 1 })
    expect(problems).toMatchObject([
      { option: 'requirement.Roles', remedy: 'Write `role`, if that was meant.' },
      {
        option: 'requirement.org',
        message: 'has a value it cannot have.',
        remedy: expect.stringMatching(/org: true/),
      },
      {
        option: 'requirement.machine',
        message: expect.stringMatching(/undefined/),
        remedy: expect.stringMatching(/`only`/),
      },
      { option: 'requirement.permision', remedy: 'Write `permission`, if that was meant.' },
      { option: 'requirement.whatever', remedy: expect.stringMatching(/^Use org, role, permission,/) },
    ])
  })

  it('what was given instead of a plain object', () => {
    const message = (value: unknown) => problemsOf(value)[0]?.message
    expect(message(Promise.resolve())).toBe('is a promise.')
    expect(problemsOf(Promise.resolve())[0]?.remedy).toMatch(/Await/)
    expect(message(['admin'])).toBe('is an array.')
    expect(message(undefined)).toBe('is undefined.')
    expect(message('admin')).toBe('is a string.')
    expect(message({ [Symbol('secret value')]: 1 })).not.toContain('secret value')
  })
})

describe('a guard keeps', () => {
  it('a frozen copy of all that was asked', () => {
    const given: Requirement = {
      org: true,
      role: 'admin',
      permission: 'a:b',
      feature: 'f',
      plan: 'p',
      reverification: { level: 'multi_factor', afterMinutes: 3 },
      scope: ['a', 'b'],
      machine: ['api_key', 'oauth'],
      pending: 'allow',
      local: 'allow',
      predicate: () => true,
    }
    const required = validateRequirement(given)
    expect(required).toEqual(given)
    expect(required).not.toBe(given)
    for (const part of [required, required.reverification, required.scope, required.machine])
      expect(Object.isFrozen(part)).toBe(true)
    expect(validateRequirement(required)).toBe(required)
    expect(validateRequirement({})).toEqual({})
  })

  it('what was asked when it was made, whatever happens to it later', () => {
    const given: { role?: string } = { role: 'admin' }
    const scope = ['write']
    const reverification = { level: 'first_factor' as const, afterMinutes: 10 }
    const [byRole, byScope, byAge] = [
      validateRequirement<Requirement>(given as Requirement),
      validateRequirement<Requirement>({ machine: 'allow', scope }),
      validateRequirement<Requirement>({ reverification }),
    ]
    delete given.role
    scope.length = 0
    reverification.afterMinutes = 1e9
    const stale = {
      ...user,
      has: (params: HasParams) => hasAccess({ ...NOTHING, fva: [60, -1] }, params),
    } as UserAuth
    expect(authorize(user, byRole)).not.toBe(null)
    expect(authorize(machine, byScope)).not.toBe(null)
    expect(authorize(stale, byAge)).not.toBe(null)
  })
})

describe('a polluted Object.prototype', () => {
  const pollution: Readonly<Record<string, unknown>> = {
    machine: 'allow',
    local: 'allow',
    pending: 'allow',
    org: undefined,
    role: undefined,
    scope: [],
    predicate: () => true,
    reverification: undefined,
    level: 'first_factor',
    afterMinutes: 1e9,
  }

  function pollute(): void {
    for (const [name, value] of Object.entries(pollution))
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    onTestFinished(() => {
      for (const name of Object.keys(pollution)) delete (Object.prototype as Record<string, unknown>)[name]
    })
  }

  it('opens no guard, made before or after', () => {
    const before = [validateRequirement<Requirement>({}), validateRequirement<Requirement>({ role: 'admin' })]
    pollute()
    const after = [validateRequirement<Requirement>({}), validateRequirement<Requirement>({ role: 'admin' })]
    for (const requirement of [...before, ...after]) {
      for (const auth of [machine, local, pending])
        expect(authorize(auth, requirement), auth.kind).not.toBe(null)
    }
    for (const auth of [machine, local, pending]) expect(authorize(auth), auth.kind).not.toBe(null)
    expect(authorize(user, before[1] as Requirement)).not.toBe(null)
  })

  it('closes none, and answers no question', () => {
    pollute()
    expect(authorize(user)).toBe(null)
    expect(authorize(user, {})).toBe(null)
    const member = { ...NOTHING, orgId: 'org_1', role: 'org:member', fva: [5, -1] }
    expect(hasAccess(member, { role: 'member' })).toBe(true)
    expect(hasAccess(member, {})).toBe(false)
    expect(hasAccess(member, { reverification: {} as never })).toBe(false)
  })
})

describe('of any value at all', () => {
  const keys = [
    'org',
    'role',
    'permission',
    'feature',
    'plan',
    'reverification',
    'scope',
    'machine',
    'pending',
    'local',
  ]
  const right = fc.constantFrom<unknown>(true, 'admin', 'lax', 'allow', 'only', ['api_key'], ['read'])
  const anything = fc.anything({
    withMap: true,
    withSet: true,
    withDate: true,
    withTypedArray: true,
    withNullPrototype: true,
    withBigInt: true,
  })
  const value = fc.oneof(
    anything,
    fc.dictionary(fc.oneof(fc.constantFrom(...keys, 'predicate'), fc.string()), fc.oneof(right, anything)),
  )

  const isEmpty = (given: unknown) =>
    typeof given === 'object' &&
    given !== null &&
    !Array.isArray(given) &&
    [Object.prototype, null].includes(Object.getPrototypeOf(given)) &&
    Reflect.ownKeys(given).length === 0
  const own = (given: unknown, key: string) =>
    typeof given === 'object' && given !== null
      ? Object.getOwnPropertyDescriptor(given, key)?.value
      : undefined

  it('a guard never admits more than its own keys say', () => {
    /** Keys that widen a guard: for whom they open it, and nothing else does. */
    const widens: readonly (readonly [Auth, string, (value: unknown) => boolean])[] = [
      [machine, 'machine', (said) => ['allow', 'only'].includes(said as string) || Array.isArray(said)],
      [local, 'local', (said) => said === 'allow'],
      [pending, 'pending', (said) => said === 'allow'],
    ]
    fc.assert(
      fc.property(value, (given) => {
        for (const [auth, key, opens] of widens)
          if (outcome(given, auth) === 'allowed') expect(opens(own(given, key)), key).toBe(true)
        // A signed-in user has nothing that could be required: only the keys that widen may be there.
        if (outcome(given) === 'allowed' && !isEmpty(given)) {
          const asked = Reflect.ownKeys(given as object).map(String)
          // Scopes bind machines alone.
          expect(asked.filter((key) => !['machine', 'local', 'pending', 'scope'].includes(key))).toEqual([])
          expect([undefined, 'allow']).toContain(own(given, 'machine'))
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('authorize decides as a guard made of it, or throws where none could be made', () => {
    fc.assert(
      fc.property(value, (given) => {
        for (const auth of [user, pending, machine, local]) {
          const guarded = outcome(given, auth)
          let direct: string
          try {
            direct = authorize(auth, given as Requirement) === null ? 'allowed' : 'denied'
          } catch (error) {
            direct = error instanceof ConfigurationError ? 'not made' : String(error)
          }
          expect(direct).toBe(guarded)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('a predicate admits with `true` alone', () => {
    fc.assert(
      fc.property(fc.oneof(anything, fc.constant(Promise.resolve(true))), (result) => {
        const predicate = () => result as boolean
        expect(authorize(user, { predicate }) === null).toBe(result === true)
      }),
    )
  })
})
