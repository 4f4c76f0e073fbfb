import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Concession, concessions, emptied, givesWay, type Holder } from './uniqueness.js'

const deletedAt = new Date(5)
const clerk: Holder = { clerkId: 'user_1', version: 5, deletedAt: null, emailVerified: true }
const own: Holder = { clerkId: null, version: 0, deletedAt: null, emailVerified: false }

describe('the holder of a unique value', () => {
  it.each<[what: string, column: string, holder: Holder, version: number, verified: boolean, gives: boolean]>(
    [
      ['gives it up to a higher version', 'username', clerk, 6, true, true],
      ['keeps it from an equal version', 'username', clerk, 5, true, false],
      ['keeps it from a lower version', 'username', clerk, 4, true, false],
      [
        'gives it up when it is deleted, whatever the versions',
        'username',
        { ...clerk, deletedAt },
        4,
        true,
        true,
      ],
      ['keeps it when it is the application’s own', 'username', own, 6, true, false],
      ['keeps it even when the application deleted it', 'username', { ...own, deletedAt }, 6, true, false],
      ['gives a verified address up to a newer verified one', 'email', clerk, 6, true, true],
      ['keeps a verified address from a newer unverified one', 'email', clerk, 6, false, false],
      [
        'gives an unverified address up to an older verified one',
        'email',
        { ...clerk, emailVerified: false },
        4,
        true,
        true,
      ],
      [
        'gives an unverified address up to a newer unverified one',
        'email',
        { ...clerk, emailVerified: false },
        6,
        false,
        true,
      ],
      [
        'keeps an unverified address from an equal unverified one',
        'email',
        { ...clerk, emailVerified: false },
        5,
        false,
        false,
      ],
      ['gives a verified address up when it is deleted', 'email', { ...clerk, deletedAt }, 4, false, true],
      ['keeps an unverified address when it is the application’s own', 'email', own, 6, true, false],
      [
        'has no proof of other values: the version decides',
        'phone',
        { ...clerk, emailVerified: false },
        4,
        true,
        false,
      ],
    ],
  )('%s', (_, column, holder, version, emailVerified, gives) => {
    expect(givesWay(column, holder, { version, emailVerified })).toBe(gives)
  })

  const side = fc.record({ version: fc.nat(3), emailVerified: fc.boolean() })
  const column = fc.constantFrom('email', 'username')

  it('never gives way to a row that would give way to it', () => {
    fc.assert(
      fc.property(column, side, side, (column, one, other) => {
        const holder = (row: typeof one): Holder => ({ ...row, clerkId: 'user_1', deletedAt: null })
        const both = givesWay(column, holder(one), other) && givesWay(column, holder(other), one)
        expect(both).toBe(false)
      }),
    )
  })

  it('is the same at the end, whatever the order in which several rows claim the value', () => {
    const sides = fc.uniqueArray(side, { minLength: 2, maxLength: 8, selector: (row) => JSON.stringify(row) })
    const orders = sides.chain((rows) =>
      fc.tuple(
        fc.constant(rows),
        fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length }),
      ),
    )
    const winner = (column: string, rows: readonly { version: number; emailVerified: boolean }[]) => {
      let holder: Holder | null = null
      for (const row of rows)
        if (holder === null || givesWay(column, holder, row))
          holder = { ...row, clerkId: 'user_1', deletedAt: null }
      return holder
    }
    fc.assert(
      fc.property(orders, ([rows, shuffled]) => {
        expect(winner('email', shuffled)).toEqual(winner('email', rows))
        expect(winner('username', shuffled)?.version).toBe(winner('username', rows)?.version)
      }),
    )
  })

  it('gives way exactly where one of the conditions of the write is met', () => {
    const met = (holder: Holder, { deleted, versionBelow, verified }: Concession) =>
      !(deleted === true && holder.deletedAt === null) &&
      !(versionBelow !== undefined && holder.version >= versionBelow) &&
      !(verified === false && holder.emailVerified === true)
    const holders = fc.record({
      clerkId: fc.constant('user_1'),
      version: fc.nat(3),
      deletedAt: fc.constantFrom(null, deletedAt),
      emailVerified: fc.boolean(),
    })
    fc.assert(
      fc.property(column, holders, side, (column, holder, contender) => {
        const some = concessions(column, contender).some((concession) => met(holder, concession))
        expect(givesWay(column, holder, contender)).toBe(some)
      }),
    )
  })
})

it('a row that goes without its address does not call it verified', () => {
  expect(emptied(['email', 'phone'])).toEqual({ email: null, emailVerified: false, phone: null })
  expect(emptied([])).toEqual({})
})
