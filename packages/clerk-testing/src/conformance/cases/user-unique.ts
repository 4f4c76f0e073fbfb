import type { UserSnapshot } from '@acme/clerk-core/store'
import { type Bench, type CaseDefinition, casesOf } from '../case.js'
import { expectEqual, expectFields, expectThat, foldAscii, sameId } from '../expect.js'
import type { Capability } from '../harness.js'
import { aPlainUser, permutations, T } from '../samples.js'

interface UniqueColumn {
  readonly column: 'email' | 'username' | 'phone' | 'externalId'
  readonly capability: Capability
  /** A snapshot that holds this value in the column. */
  holding(value: string | null, fields: Partial<UserSnapshot>): UserSnapshot
}

const columns: readonly UniqueColumn[] = [
  {
    column: 'email',
    capability: 'unique-email',
    holding: (email, fields) => aPlainUser({ email, emailVerified: email !== null, ...fields }),
  },
  {
    column: 'username',
    capability: 'unique-username',
    holding: (username, fields) => aPlainUser({ username, ...fields }),
  },
  {
    column: 'phone',
    capability: 'unique-phone',
    holding: (phone, fields) => aPlainUser({ phone, ...fields }),
  },
  {
    column: 'externalId',
    capability: 'unique-external-id',
    holding: (externalId, fields) => aPlainUser({ externalId, ...fields }),
  },
]

/** The same rule for every column that the database keeps unique. */
function casesOfColumn({ column, capability, holding }: UniqueColumn): readonly CaseDefinition[] {
  const held = async ({ users }: Bench, clerkId: string) => {
    const row = await users.findByClerkId(clerkId)
    expectThat(row !== null, `${clerkId} has no row: a taken ${column} must not keep a user out.`)
    const honest = column !== 'email' || row.email !== null || !row.emailVerified
    expectThat(honest, 'A row without an address calls it verified.')
    return row[column]
  }
  const a = (value: string | null, version: number) => holding(value, { clerkId: 'user_a', version })
  const b = (value: string | null, version: number) => holding(value, { clerkId: 'user_b', version })

  const definitions: readonly CaseDefinition[] = [
    {
      id: 'lower-version-gives-up',
      title: `a ${column} that moved to another user is taken from the row with the lower version`,
      async run(bench) {
        await bench.users.apply(a('x', T))
        const { outcome, user } = await bench.users.apply(b('x', T + 1))
        expectEqual(outcome, 'created', 'The new holder was not stored.')
        expectEqual(user[column], 'x', `The newer row must have the ${column}.`)
        expectEqual(await held(bench, 'user_a'), null, `The older row must give the ${column} up.`)
        expectFields(
          await bench.users.findByClerkId('user_a'),
          { version: T, isActive: true, deletedAt: null, firstName: 'Ada' },
          `Giving up the ${column} changed more of the row than that.`,
        )
      },
    },
    {
      id: 'higher-version-keeps',
      title: `a snapshot of a lower version does not take a ${column} from a newer row`,
      async run(bench) {
        await bench.users.apply(a('x', T + 1))
        const { outcome } = await bench.users.apply(b('x', T))
        const fault = 'A duplicate of another row was taken for a stale event: the user was not stored.'
        expectEqual(outcome, 'created', fault)
        expectEqual(await held(bench, 'user_a'), 'x', `The newer row lost its ${column} to an older event.`)
        expectEqual(await held(bench, 'user_b'), null, `Two rows hold one ${column}.`)
      },
    },
    {
      id: 'moves-in-any-order',
      title: `a ${column} that moves between users ends where Clerk has it, in any order of the events`,
      async run(bench) {
        for (const [run, order] of permutations([0, 1, 2, 3]).entries()) {
          const [mine, yours] = [`user_a${run}`, `user_b${run}`]
          const value = (name: string) => `${name}-${run}@example.com`
          const events = [
            holding(value('x'), { clerkId: mine, version: T }),
            holding(null, { clerkId: mine, version: T + 1 }),
            holding(value('x'), { clerkId: yours, version: T + 2 }),
            holding(value('y'), { clerkId: mine, version: T + 3 }),
          ]
          for (const index of order) {
            const event = events[index]
            if (event !== undefined) await bench.users.apply(event)
          }
          const fault = `The order ${order.map((index) => index + 1).join(', ')} of the events ends elsewhere.`
          expectEqual([await held(bench, mine), await held(bench, yours)], [value('y'), value('x')], fault)
        }
      },
    },
    {
      id: 'deleted-holds-none',
      title: `a deleted row holds no ${column}, and another may have it`,
      async run(bench) {
        await bench.users.apply(a('x', T + 5))
        await bench.users.remove('user_a', T + 6)
        expectEqual(await held(bench, 'user_a'), null, `A deleted row keeps its ${column} from others.`)
        await bench.users.apply(b('x', T))
        expectEqual(await held(bench, 'user_b'), 'x', `A deleted row keeps its ${column} from others.`)
      },
    },
    {
      id: 'deleted-takes-none',
      title: `a late update of a deleted row takes its ${column} from no other`,
      async run(bench) {
        await bench.users.apply(b('x', T))
        await bench.users.remove('user_a', T)
        await bench.users.apply(a('x', T + 5))
        expectEqual(await held(bench, 'user_b'), 'x', `A deleted row took the ${column} of a live one.`)
        expectEqual(await held(bench, 'user_a'), null, `A deleted row must hold no ${column}.`)
        const { version } = (await bench.users.findByClerkId('user_a')) ?? {}
        expectEqual(version, T + 5, 'A late update of a deleted row was dropped.')
      },
    },
    {
      id: 'local-row-keeps',
      title: `a row that Clerk does not know never gives its ${column} up`,
      async run(bench) {
        const id = await bench.createLocalUser({ [column]: 'x', emailVerified: false })
        const { outcome } = await bench.users.apply(a('x', T))
        expectEqual(outcome, 'created', `A local row with the same ${column} kept a user out.`)
        const rows = await bench.probe.users()
        const local = rows.find((row) => sameId(row.id, id))
        const fault = `A local row lost its ${column}, or was taken over.`
        expectFields(local ?? null, { clerkId: null, [column]: 'x' }, fault)
        expectEqual(await held(bench, 'user_a'), null, `The Clerk row must go without the ${column}.`)
        const again = await bench.users.apply(a('x', T))
        expectEqual(
          again.outcome,
          'unchanged',
          `Going without the ${column} is taken for a change each time.`,
        )
      },
    },
    {
      id: 'deleted-local-row-keeps',
      title: `a row that Clerk does not know never gives its ${column} up, even one that the application deleted`,
      async run(bench) {
        const deletedAt = new Date(T)
        const id = await bench.createLocalUser({ [column]: 'x', emailVerified: false, deletedAt })
        const { outcome } = await bench.users.apply(a('x', T + 9))
        expectEqual(outcome, 'created', `A deleted local row with the same ${column} kept a user out.`)
        const local = (await bench.probe.users()).find((row) => sameId(row.id, id))
        const fault = `A row of the application's own lost its ${column}: its deletion is the application's.`
        expectFields(local ?? null, { clerkId: null, [column]: 'x' }, fault)
        expectEqual(await held(bench, 'user_a'), null, `The Clerk row must go without the ${column}.`)
      },
    },
    {
      id: 'many-without',
      title: `any number of users have no ${column}`,
      async run(bench) {
        for (const clerkId of ['user_a', 'user_b', 'user_c']) {
          const { outcome } = await bench.users.apply(holding(null, { clerkId }))
          expectEqual(outcome, 'created', `Two rows without ${column} collide.`)
        }
      },
    },
    {
      id: 'other-case',
      title: `a ${column} taken in another case keeps no user out`,
      async run(bench) {
        await bench.users.apply(a('Ada@Example.com', T))
        const { outcome } = await bench.users.apply(b('ada@example.com', T + 1))
        expectEqual(outcome, 'created', `A ${column} in another case kept a user out.`)
        const holder = foldAscii((await held(bench, 'user_b')) ?? '')
        expectEqual(holder, 'ada@example.com', `The newer row must have the ${column}.`)
      },
    },
  ]
  return definitions.map((definition) => ({
    ...definition,
    id: `${capability}/${definition.id}`,
    needs: [capability],
  }))
}

/** Only addresses are proved: an unverified one gives way to a verified one. */
const proofCases: readonly CaseDefinition[] = [
  {
    id: 'unique-email/proof-outranks-version',
    title:
      'a verified address is not taken by a newer row that only claims it, in either order of the events',
    needs: ['unique-email'],
    async run({ users }) {
      for (const [run, order] of permutations([0, 1, 2]).entries()) {
        const email = `owner-${run}@example.com`
        const row = (name: string, version: number, emailVerified: boolean) =>
          aPlainUser({ clerkId: `user_${name}${run}`, email, emailVerified, version })
        const events = [row('owner', T, true), row('claims', T + 5, false), row('older', T - 5, true)]
        for (const index of order) {
          const event = events[index]
          if (event !== undefined) await users.apply(event)
        }
        const holder = await users.findByClerkId(`user_owner${run}`)
        const fault = `A verified address was lost (order ${order.map((index) => index + 1).join(', ')}).`
        expectFields(holder, { email, emailVerified: true, version: T }, fault)
        for (const name of ['claims', 'older']) {
          const other = await users.findByClerkId(`user_${name}${run}`)
          expectFields(other, { email: null, emailVerified: false }, 'Two rows hold one address.')
        }
      }
    },
  },
  {
    id: 'unique-email/unproved-goes-by-version',
    title: 'of two rows that only claim an address the newer has it, in either order of the events',
    needs: ['unique-email'],
    async run({ users }) {
      for (const [run, order] of permutations([0, 1]).entries()) {
        const email = `claimed-${run}@example.com`
        for (const index of order)
          await users.apply(
            aPlainUser({ clerkId: `user_${run}_${index}`, email, emailVerified: false, version: T + index }),
          )
        const rows = [await users.findByClerkId(`user_${run}_0`), await users.findByClerkId(`user_${run}_1`)]
        const addresses = rows.map((row) => row?.email)
        expectEqual(addresses, [null, email], 'The newer of two unverified rows must have the address.')
      }
    },
  },
]

export const userUniqueCases = casesOf('users', [...columns.flatMap(casesOfColumn), ...proofCases])
