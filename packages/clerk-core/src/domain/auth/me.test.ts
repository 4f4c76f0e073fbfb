import { expect, test } from 'vitest'
import { meOf } from './me.js'

const user = (row: object | undefined) =>
  ({ kind: 'user', userId: 'user_1', orgId: 'org_1', orgRole: 'org:admin', user: row }) as never

test('ids of every kind can be written as JSON', () => {
  const objectId = { toString: () => '64b0c0ffee' }
  for (const [id, expected] of [
    [1, 1],
    ['a', 'a'],
    [9007199254740993n, '9007199254740993'],
    [objectId, '64b0c0ffee'],
    [undefined, null],
  ] as const) {
    expect(JSON.parse(JSON.stringify(meOf(user({ id })))).id).toBe(expected)
  }
})

test('columns of the application are never in the body, whatever their names', () => {
  const row = {
    id: 1,
    email: 'a@b.c',
    passwordHash: 'x',
    organization: { secret: 1 },
    clerkId: 'other',
    imageUrl: 5,
  }
  expect(meOf(user(row))).toEqual({
    id: 1,
    clerkId: 'user_1',
    email: 'a@b.c',
    username: null,
    firstName: null,
    lastName: null,
    imageUrl: null,
    organization: { id: 'org_1', role: 'org:admin' },
  })
})

test('without a user store there is only the Clerk id', () => {
  expect(meOf(user(undefined))).toMatchObject({ id: null, clerkId: 'user_1' })
})
