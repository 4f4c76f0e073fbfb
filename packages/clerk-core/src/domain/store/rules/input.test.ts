import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { userSnapshot } from '../../../../testing/clerk-json.js'
import { StoreInputError } from '../../../ground/errors.js'
import * as input from './input.js'

const refused = (check: () => unknown) => expect(check).toThrow(StoreInputError)

describe('an id or an address', () => {
  it.each(['user_1', 'u', 'x'.repeat(320), '__proto__', 'zoë@example.com', '🦊', '$ne', "' OR 1=1 --"])(
    'may be %s',
    (value) => {
      expect(() => input.checkText(value, 'id')).not.toThrow()
    },
  )

  const wrong: readonly unknown[] = [
    ...['', 'x'.repeat(321), 'user_\0', '\0', 'half \ud800 a pair', '\udfff'],
    ...[{ $ne: null }, { not: null }, ['user_1'], 7, 7n, true, null, undefined, Symbol('user_1')],
    ...[{ toString: () => 'user_1' }, new String('user_1')],
  ]
  it.each(wrong.map((value) => [value]))('may not be %o', (value) => {
    refused(() => input.checkText(value, 'id'))
  })

  it('is refused by its name, and never quoted', () => {
    expect(() => input.checkText('ada@example.com\0', 'email')).toThrow(/^email must be a string/)
    expect(() => input.checkText('ada@example.com\0', 'email')).not.toThrow(/ada/)
  })
})

it.each<[id: unknown, fine: boolean]>([
  ['1', true],
  [1, true],
  [1n, true],
  [new Date(0), true],
  [1.5, false],
  [Number.NaN, false],
  ['', false],
  [null, false],
  [{ $gt: '' }, false],
])('a local id of a store whose ids may be dates: %o is fine: %s', (id, fine) => {
  const check = () => input.checkLocalId(id, (object) => object instanceof Date)
  if (fine) expect(check).not.toThrow()
  else refused(check)
})

describe('numbers', () => {
  const never = [Number.NaN, Number.POSITIVE_INFINITY, 0.5, '1', 1n, null, undefined, {}, 2 ** 53]

  it.each<
    [what: string, check: (value: unknown) => void, valid: readonly number[], invalid: readonly unknown[]]
  >([
    ['a time', (value) => input.checkTime(value, 'at'), [0, -1, 8.64e15, -8.64e15], [8.64e15 + 1]],
    ['a version', input.checkVersion, [0, 1, Number.MAX_SAFE_INTEGER], [-1]],
    ['a limit', input.checkLimit, [0, 1, 1000], [-1]],
  ])('%s is a whole number in its range', (_, check, valid, invalid) => {
    for (const value of valid) expect(() => check(value)).not.toThrow()
    for (const value of [...never, ...invalid]) refused(() => check(value))
  })
})

describe('snapshots', () => {
  const organization = {
    ...{ clerkId: 'org_1', name: 'Acme', slug: null, imageUrl: null, publicMetadata: {} },
    ...{ membersCount: null, createdAt: null, updatedAt: null, version: 1 },
  }
  const membership = {
    ...{ clerkId: 'orgmem_1', orgId: 'org_1', userId: 'user_1', createdAt: 1, role: 'org:member' },
    ...{ permissions: [], publicMetadata: {}, updatedAt: null, version: 1 },
  }
  const invitation = {
    ...{ clerkId: 'orginv_1', orgId: 'org_1', email: 'ada@example.com', role: null, status: 'pending' },
    ...{ publicMetadata: {}, createdAt: null, updatedAt: null, expiresAt: null, version: 1 },
  }

  it.each<[what: string, check: (snapshot: never) => void, snapshot: object, fields: object]>([
    [
      'a user',
      input.checkUser,
      userSnapshot('user_1'),
      { clerkId: '', version: -1, createdAt: 0.5, lastSignInAt: Number.NaN, lastActiveAt: 9e15 },
    ],
    ['an organisation', input.checkOrganization, organization, { clerkId: 7, version: '1', createdAt: '1' }],
    [
      'a membership',
      input.checkMembership,
      membership,
      { clerkId: {}, orgId: null, userId: '', createdAt: null, version: 0.5 },
    ],
    [
      'an invitation',
      input.checkInvitation,
      invitation,
      { clerkId: '\0', orgId: '', version: Number.NaN, createdAt: '', expiresAt: Number.POSITIVE_INFINITY },
    ],
  ])('of %s are checked field by field', (_, check, snapshot, fields) => {
    expect(() => check(snapshot as never)).not.toThrow()
    for (const [field, bad] of Object.entries(fields))
      refused(() => check({ ...snapshot, [field]: bad } as never))
  })

  it('lists of memberships are asked for by one id', () => {
    expect(input.membershipKey({ userId: 'user_1' })).toEqual(['userId', 'user_1'])
    expect(input.membershipKey({ orgId: 'org_1' })).toEqual(['orgId', 'org_1'])
    refused(() => input.membershipKey({ userId: { $ne: null } as never }))
    refused(() => input.membershipKey({} as never))
  })
})

describe('what can be stored everywhere', () => {
  it.each([
    ['A\0da', 'Ada'],
    ['x\ud800', 'x\ufffd'],
    ['🦊', '🦊'],
    [{ 'k\0ey': ['\0', { deep: '\udfff' }] }, { key: ['', { deep: '\ufffd' }] }],
    ['\\u0000', '\\u0000'],
    [null, null],
    [7, 7],
    [undefined, undefined],
  ])('of %o is %o', (given, stored) => {
    expect(input.storable(given)).toEqual(stored)
  })

  it('keeps keys that are prototypes to others', () => {
    const given = JSON.parse('{"__proto__":{"a":"\\u0000"},"constructor":1}')
    expect(JSON.stringify(input.storable(given))).toBe('{"__proto__":{"a":""},"constructor":1}')
  })

  it('is well formed, holds no U+0000, and is the same the second time', () => {
    const part = fc.oneof(fc.constantFrom('\0', '\ud800', '\udfff', '\\u0000'), fc.string({ unit: 'binary' }))
    const text = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, text, text, (key, inner, outer) => {
        const stored = input.storable({ outer, list: [{ [key]: inner }] })
        const texts = [stored.outer, ...Object.entries(stored.list[0] ?? {}).flat()].join('|')
        expect(texts).not.toMatch(/[\0\p{Surrogate}]/u)
        expect(input.storable(stored)).toEqual(stored)
      }),
    )
  })
})
