import fc from 'fast-check'
import { expect, it } from 'vitest'
import { byCreation, newestMembership, withOrganization } from './membership.js'

const at = (createdAt: number, clerkId = 'orgmem_1', deletedAt: Date | null = null) => ({
  ...{ clerkId, createdAt: new Date(createdAt), deletedAt },
})

it.each([
  ['none', [], null],
  ['the only one', [at(1)], 0],
  ['the newest', [at(1), at(3, 'orgmem_0'), at(2)], 1],
  ['the newest even when it is deleted', [at(1), at(3, 'orgmem_0', new Date(4)), at(2)], 1],
  [
    'the higher id of one moment, as bytes and not as a language sorts',
    [at(1, 'orgmem_a'), at(1, 'orgmem_B')],
    0,
  ],
] as const)('of several memberships it is %s', (_, memberships, index) => {
  expect(newestMembership(memberships)).toEqual(index === null ? null : memberships[index])
})

it('the newest is the last of the list, whatever the order of reading', () => {
  const membership = fc.record({
    createdAt: fc.date({ noInvalidDate: true }),
    clerkId: fc.constantFrom('a', 'B', 'b'),
  })
  fc.assert(
    fc.property(fc.array(membership), (memberships) => {
      const sorted = [...memberships].sort(byCreation)
      expect(newestMembership(memberships)).toEqual(sorted.at(-1) ?? null)
      expect([...memberships].reverse().sort(byCreation)).toEqual(sorted)
    }),
  )
})

it.each([
  ['a live organisation', null, null, null],
  ['no known organisation', null, undefined, null],
  ['a deleted organisation', null, 5, 5],
  ['an organisation deleted later than itself', 3, 5, 3],
  ['an organisation deleted before itself', 7, 5, 5],
])('a membership of %s', (_, own, organization, deletedAt) => {
  const date = (time: number | null) => (time === null ? null : new Date(time))
  const parent = organization === undefined ? null : { deletedAt: date(organization) }
  const membership = at(1, 'orgmem_1', date(own))
  expect(withOrganization(membership, parent)).toEqual({ ...membership, deletedAt: date(deletedAt) })
})
