import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newestRole, type RoleState, roleVersion, withRole } from './role.js'

const role = (version: number, deletedAt: number | null = null, clerkId = 'role_1'): RoleState => ({
  ...{ clerkId, version, permissions: ['org:a:role'] },
  deletedAt: deletedAt === null ? null : new Date(deletedAt),
})

describe('of several roles of one key it is', () => {
  it.each([
    ['none', [], null],
    ['the only one', [role(1)], 0],
    ['the newest', [role(1), role(3, null, 'role_0'), role(2, null, 'role_2')], 1],
    ['a live one, however late the other was deleted', [role(9, 99), role(1, null, 'role_2')], 1],
    ['of deleted ones the one deleted last', [role(9, 10), role(1, 11, 'role_2')], 1],
    ['the higher id of one moment', [role(1, null, 'role_a'), role(1, null, 'role_B')], 0],
  ] as const)('%s', (_, roles, index) => {
    expect(newestRole(roles)).toEqual(index === null ? null : roles[index])
  })

  it('the same one, whatever the order of reading', () => {
    const roles = fc.uniqueArray(
      fc.record({
        clerkId: fc.constantFrom('a', 'B', 'b', 'c'),
        permissions: fc.constant([]),
        version: fc.nat(3),
        deletedAt: fc.option(fc.nat(3).map((ms) => new Date(ms))),
      }),
      { selector: ({ clerkId }) => clerkId },
    )
    fc.assert(
      fc.property(
        roles.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
          ),
        ),
        ([all, shuffled]) => {
          expect(newestRole(shuffled)).toEqual(newestRole(all))
        },
      ),
    )
  })
})

describe('a member may do what is said by', () => {
  const membership = { version: 5, permissions: ['org:a:membership'] }
  const ofRole = (permissionsVersion: number, permissions = ['org:a:role']) => ({
    ...{ ...membership, permissions, permissionsVersion },
  })
  it.each([
    ['the membership, where no role is known', null, membership],
    ['the membership, where the role is older', role(4), membership],
    ['the role, where it is newer', role(6), ofRole(6)],
    ['the role, of equal versions', role(5), ofRole(5)],
    ['no permission, where the role was deleted since', role(4, 6), ofRole(6, [])],
    ['no permission, where a late event filled the deleted role', role(7, 6), ofRole(7, [])],
    ['the membership, where it came after the deletion', role(3, 4), membership],
  ] as const)('%s', (_, known, expected) => {
    expect(withRole(membership, known)).toEqual(expected)
  })
})

it('the deletion of a role is a change of it', () => {
  expect([roleVersion(role(3)), roleVersion(role(3, 2)), roleVersion(role(3, 4))]).toEqual([3, 3, 4])
})
