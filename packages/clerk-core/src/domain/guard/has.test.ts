import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AccessSubject, hasAccess } from './has.js'
import type { HasParams } from './requirement.js'

const anonymous: AccessSubject = {
  orgId: null,
  role: null,
  permissions: [],
  fea: undefined,
  pla: undefined,
  fva: undefined,
  organizationScoped: true,
}
const member: AccessSubject = {
  ...anonymous,
  orgId: 'org_1',
  role: 'org:admin',
  permissions: ['org:billing:read'],
  fea: 'o:dashboard,u:export,uo:search',
  pla: 'u:free,o:pro',
  fva: [5, -1],
}

const asked = (params: unknown, changes: Partial<AccessSubject> = {}) =>
  hasAccess({ ...member, ...changes }, params as HasParams)

describe('role and permission', () => {
  it.each(['admin', 'org:admin', 'org:org:admin'])('knows the role as %s', (role) => {
    expect(asked({ role })).toBe(true)
  })

  it.each(['Admin', 'org:Admin', 'adm', 'member', '', 'org:', 'xorg:admin'])('is not the role %j', (role) => {
    expect(asked({ role })).toBe(false)
  })

  it('compares after normalising both sides', () => {
    expect(asked({ role: 'admin' }, { role: 'admin' })).toBe(true)
    expect(asked({ role: 'admin' }, { role: 'org:org:admin' })).toBe(true)
  })

  it.each([
    ['billing:read', true],
    ['org:billing:read', true],
    ['billing:manage', false],
    ['billing', false],
    ['', false],
  ])('permission %j: %j', (permission, expected) => {
    expect(asked({ permission })).toBe(expected)
  })

  it('needs an active organisation', () => {
    const leftovers = { orgId: null, role: 'org:admin', permissions: ['org:billing:read'] }
    expect(asked({ role: 'admin' }, leftovers)).toBe(false)
    expect(asked({ permission: 'billing:read' }, leftovers)).toBe(false)
    expect(asked({ role: 'admin' }, { role: null })).toBe(false)
  })
})

describe('feature and plan', () => {
  it.each([
    ['dashboard', true],
    ['export', true],
    ['search', true],
    ['o:dashboard', true],
    ['org:dashboard', true],
    ['organization:dashboard', true],
    ['u:dashboard', false],
    ['u:export', true],
    ['user:export', true],
    ['o:export', false],
    ['o:search', true],
    ['u:search', true],
    ['x:dashboard', false],
    ['dash', false],
    ['', false],
    [':dashboard', false],
  ])('feature %j: %j', (feature, expected) => {
    expect(asked({ feature })).toBe(expected)
  })

  it('reads plans the same way', () => {
    expect([asked({ plan: 'pro' }), asked({ plan: 'u:pro' }), asked({ plan: 'u:free' })]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('counts nothing of another organisation, and everything of the user', () => {
    const elsewhere = { organizationScoped: false }
    expect(['dashboard', 'o:dashboard', 'o:search'].some((feature) => asked({ feature }, elsewhere))).toBe(
      false,
    )
    expect(
      ['export', 'u:export', 'search', 'u:search'].every((feature) => asked({ feature }, elsewhere)),
    ).toBe(true)
    expect([asked({ plan: 'pro' }, elsewhere), asked({ plan: 'free' }, elsewhere)]).toEqual([false, true])
  })

  it('lets a malformed or unknown element grant nothing', () => {
    const fea = 'dashboard,x:report,o:a'
    expect(['dashboard', 'report', 'a'].map((feature) => asked({ feature }, { fea }))).toEqual([
      false,
      false,
      true,
    ])
  })
})

describe('reverification', () => {
  const minutes = [-1, 0, 9, 10, 59, 60, 1439, 1440]
  const fresh = (age: number, after: number) => age !== -1 && after > age
  /** PROTOCOL in words: both never → false; a factor that was never used leaves the decision to the other. */
  const rules = {
    first_factor: (f1: number, _f2: number, after: number) => fresh(f1, after),
    second_factor: (f1: number, f2: number, after: number) =>
      f2 === -1 ? fresh(f1, after) : fresh(f2, after),
    multi_factor: (f1: number, f2: number, after: number) => {
      if (f2 === -1) return fresh(f1, after)
      if (f1 === -1) return false
      return fresh(f1, after) && fresh(f2, after)
    },
  }
  const presets = {
    strict_mfa: ['multi_factor', 10],
    strict: ['second_factor', 10],
    moderate: ['second_factor', 60],
    lax: ['second_factor', 1440],
  } as const

  it.each(Object.keys(presets) as (keyof typeof presets)[])('%s, for every pair of ages', (preset) => {
    const [level, afterMinutes] = presets[preset]
    for (const f1 of minutes) {
      for (const f2 of minutes) {
        const expected = !(f1 === -1 && f2 === -1) && rules[level](f1, f2, afterMinutes)
        const fva = [f1, f2]
        expect([fva, asked({ reverification: preset }, { fva })]).toEqual([fva, expected])
        expect([fva, asked({ reverification: { level, afterMinutes } }, { fva })]).toEqual([fva, expected])
      }
    }
  })

  it.each([
    undefined,
    null,
    'x',
    [],
    [0],
    [0, 0, 0],
    ['0', '0'],
    [-2, 0],
    [Number.NaN, 0],
    [Infinity, 0],
    { 0: 0, 1: 0 },
  ])('fails with fva %j', (fva) => {
    expect(asked({ reverification: 'lax' }, { fva })).toBe(false)
  })

  it.each([
    'other',
    'toString',
    '__proto__',
    '',
    7,
    true,
    null,
    [],
    {},
    { level: 'first_factor' },
    { level: 'other', afterMinutes: 5 },
    { level: 'first_factor', afterMinutes: 0 },
    { level: 'first_factor', afterMinutes: -5 },
    { level: 'first_factor', afterMinutes: '5' },
    { level: 'first_factor', afterMinutes: Number.NaN },
  ])('is false when asked %j', (reverification) => {
    expect(asked({ reverification }, { fva: [0, 0] })).toBe(false)
  })
})

describe('has', () => {
  it('is true only when everything asked holds', () => {
    const all = {
      role: 'admin',
      permission: 'billing:read',
      feature: 'dashboard',
      plan: 'pro',
      reverification: 'lax',
    }
    expect(asked(all)).toBe(true)
    const wrong = { role: 'x', permission: 'x', feature: 'x', plan: 'x', reverification: 'x' }
    for (const [name, value] of Object.entries(wrong))
      expect([name, asked({ ...all, [name]: value })]).toEqual([name, false])
  })

  it.each([
    {},
    null,
    undefined,
    'admin',
    7,
    [],
    { role: undefined },
    { other: 'admin' },
    { role: 'admin', permission: undefined },
    { role: 'admin', permision: 'billing:manage' },
    { role: 'admin', [Symbol('plan')]: 'enterprise' },
  ])('asking %j is false', (params) => {
    expect(asked(params)).toBe(false)
  })

  it('reads plain objects alone, and of them what they own', () => {
    class Asked {
      role = 'admin'
    }
    const odd = [
      new Asked(),
      Object.create({ role: 'admin' }),
      Object.defineProperty({}, 'role', { get: () => 'admin', enumerable: true }),
      Object.defineProperty({}, 'role', { value: 'admin' }),
      new Proxy({ role: 'admin' }, {}),
      new Map([['role', 'admin']]),
      Promise.resolve({ role: 'admin' }),
    ]
    expect(odd.map((params) => asked(params))).toEqual(odd.map(() => false))
    expect(asked(Object.assign(Object.create(null), { role: 'admin' }))).toBe(true)
    expect(asked({ reverification: Object.create({ level: 'first_factor', afterMinutes: 60 }) })).toBe(false)
    expect(asked({ reverification: { level: 'first_factor', afterMinutes: 60, minutes: 1 } })).toBe(false)
  })

  it('is never true of more than what is asked by the keys it knows', () => {
    const known = ['role', 'permission', 'feature', 'plan', 'reverification']
    const right = {
      role: 'admin',
      permission: 'billing:read',
      feature: 'dashboard',
      plan: 'pro',
      reverification: 'lax',
    }
    const params = fc.record(
      {
        ...Object.fromEntries(
          Object.entries(right).map(([name, value]) => [name, fc.oneof(fc.constant(value), fc.anything())]),
        ),
        other: fc.anything(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(params, (given) => {
        const keys = Object.keys(given)
        const each = keys.every(
          (key) => known.includes(key) && asked({ [key]: given[key as keyof typeof given] }),
        )
        expect(asked(given)).toBe(keys.length > 0 && each)
      }),
    )
  })

  it('never throws, whatever is asked of whatever claims', () => {
    const value = fc.oneof(fc.anything(), fc.constantFrom('admin', 'dashboard', 'pro', 'lax'))
    fc.assert(
      fc.property(
        fc.record(
          { role: value, permission: value, feature: value, plan: value, reverification: value },
          { requiredKeys: [] },
        ),
        fc.anything(),
        fc.anything(),
        fc.anything(),
        (params, fea, pla, fva) => {
          expect(typeof asked(params, { fea, pla, fva })).toBe('boolean')
        },
      ),
    )
  })
})
