import type { UserRecord, UserSnapshot } from '@acme/clerk-core/store'
import { type Bench, casesOf } from '../case.js'
import { expectEqual, expectFields, expectRejection, expectThat } from '../expect.js'
import { aPlainUser, aUser, DAY, T } from '../samples.js'

const MOST = 500

const many = (count: number, fields: (index: number) => Partial<UserSnapshot> = () => ({})) =>
  Array.from({ length: count }, (_, index) =>
    aPlainUser({ clerkId: `user_${index}`, firstName: `Name ${index}`, ...fields(index) }),
  )

/** A batch has so much beside it that a store takes its fast way. */
const among = (...snapshots: UserSnapshot[]) => [...many(20), ...snapshots]
/** The outcomes of {@link among}, without those of the others. */
const last = <T>(outcomes: readonly T[], count: number) => outcomes.slice(-count)

export const userBulkCases = casesOf('users', [
  {
    id: 'bulk-outcomes',
    title: 'a batch does with each snapshot what apply does, and says so in their order',
    needs: ['bulk'],
    async run({ users, bulk }) {
      const id = (name: string) => ({ clerkId: `user_${name}` })
      await bulk([
        aUser({ ...id('newer'), version: T }),
        aPlainUser({ ...id('same'), version: T }),
        aPlainUser({ ...id('changed'), version: T, firstName: 'Before' }),
        aPlainUser({ ...id('older'), version: T + 9, firstName: 'Later' }),
      ])
      const outcomes = await bulk([
        ...many(3),
        aUser({ ...id('newer'), version: T + 1, firstName: 'Augusta', publicMetadata: { a: [1, null] } }),
        aPlainUser({ ...id('same'), version: T }),
        aPlainUser({ ...id('changed'), version: T, firstName: 'After' }),
        aPlainUser({ ...id('older'), version: T + 1, firstName: 'Earlier' }),
      ])
      const expected = ['created', 'created', 'created', 'updated', 'unchanged', 'updated', 'stale']
      expectEqual(outcomes, expected, 'The outcomes of a batch are others.')
      const newer = {
        version: T + 1,
        firstName: 'Augusta',
        lastName: 'Lovelace',
        publicMetadata: { a: [1, null] },
      }
      expectFields(await users.findByClerkId('user_newer'), newer, 'A newer snapshot was not stored.')
      const changed = { version: T, firstName: 'After' }
      expectFields(await users.findByClerkId('user_changed'), changed, 'Of equal versions the later stays.')
      const older = { version: T + 9, firstName: 'Later' }
      expectFields(await users.findByClerkId('user_older'), older, 'An older snapshot was stored.')
      const made = {
        firstName: 'Name 2',
        isActive: true,
        banned: false,
        emailVerified: false,
        deletedAt: null,
      }
      expectFields(await users.findByClerkId('user_2'), made, 'A new row has other values.')
    },
  },
  {
    id: 'bulk-whole-rows',
    title: 'a row of a batch is the one that apply makes, field for field',
    needs: ['bulk'],
    async run({ users, bulk }) {
      const text = 'O\'Neil "x" \\ %_ \u2028 \u{1f600} ß é'
      const fields = (index: number): Partial<UserSnapshot> => ({
        ...{
          email: `p${index}@example.com`,
          emailVerified: true,
          username: `u${index}`,
          phone: `+1555${index}`,
        },
        ...{ firstName: text, externalId: `ext ${index}`, banned: index % 2 === 0, locked: true },
        ...{ publicMetadata: { text, deep: [{ a: 0.1, b: null, c: 'null' }], when: '2024-01-01' } },
        ...{ createdAt: T - index, lastSignInAt: T + index, lastActiveAt: null },
      })
      const batch = many(10, fields)
      await bulk(batch)
      for (const [index, snapshot] of batch.entries()) {
        const row = await users.findByClerkId(snapshot.clerkId)
        const { user: single } = await users.apply({
          ...aUser({ ...snapshot, clerkId: `user_single_${index}` }),
          ...{ email: null, username: null, phone: null, externalId: null },
        })
        const { email, username, phone, externalId } = snapshot
        const identifiers = { email, emailVerified: true, username, phone, externalId }
        expectFields(row, identifiers, 'A row of a batch has other identifiers.')
        // What identifies a user may be unique; everything else is the same.
        expectEqual(restOf(row), restOf(single), 'A row of a batch is another than apply makes.')
      }
    },
  },
  {
    id: 'bulk-in-order',
    title: 'several snapshots of one user in a batch count in their order',
    needs: ['bulk'],
    async run({ users, bulk }) {
      const of = (version: number, firstName: string) =>
        aPlainUser({ clerkId: 'user_twice', version, firstName })
      const outcomes = await bulk([
        ...many(5),
        of(T + 2, 'Second'),
        of(T + 1, 'First'),
        of(T + 3, 'Third'),
        of(T + 3, 'Third'),
        of(T + 3, 'Fourth'),
      ])
      expectEqual(
        last(outcomes, 5),
        ['created', 'stale', 'updated', 'unchanged', 'updated'],
        'Several snapshots of one user have other outcomes.',
      )
      const end = { version: T + 3, firstName: 'Fourth' }
      expectFields(
        await users.findByClerkId('user_twice'),
        end,
        'The last of several snapshots did not stay.',
      )
    },
  },
  {
    id: 'bulk-deleted',
    title: 'a batch fills deleted rows, and leaves them deleted and without unique values',
    needs: ['bulk'],
    async run({ users, bulk, declares }) {
      await users.remove('user_ada', T + 5)
      const outcomes = await bulk(among(aUser({ version: T + 9 })))
      expectEqual(last(outcomes, 1), ['updated'], 'A deleted row was not filled.')
      const row = await users.findByClerkId('user_ada')
      const end = { version: T + 9, firstName: 'Ada', deletedAt: new Date(T + 5) }
      expectFields(row, end, 'A batch revives a deleted user, or does not fill the row.')
      if (declares('unique-email')) expectEqual(row?.email, null, 'A deleted row has a unique address.')
    },
  },
  {
    id: 'bulk-purged',
    title: 'a batch brings nothing back of a purged user',
    needs: ['bulk', 'purge'],
    async run({ users, bulk, purge }) {
      await users.apply(aUser())
      await users.remove('user_ada', T)
      await purge(T + 1, T + 8 * DAY)
      const late = aUser({ version: T + 99, lastSignInAt: T + 99, lastActiveAt: T + 99 })
      expectEqual(last(await bulk(among(late)), 1), ['stale'], 'A purged row took a snapshot.')
      const empty = { firstName: null, email: null, lastSignInAt: null }
      expectFields(await users.findByClerkId('user_ada'), empty, 'A purged row was filled.')
    },
  },
  {
    id: 'bulk-absent',
    title: 'a field that a snapshot of a batch does not carry keeps its value, null clears it',
    needs: ['bulk'],
    async run({ users, bulk }) {
      await bulk(among(aUser()))
      const { firstName: _, publicMetadata: __, ...less } = aUser({ version: T + 1, lastName: null })
      const { clerkId: ___, ...others } = aPlainUser({ version: T + 1 })
      const rest = many(20).map(({ clerkId }) => ({ ...others, clerkId, firstName: 'Again' }))
      await bulk([...rest, less])
      const kept = { firstName: 'Ada', lastName: null, publicMetadata: { plan: 'free' }, version: T + 1 }
      expectFields(await users.findByClerkId('user_ada'), kept, 'Absent fields of a batch were written.')
      expectFields(
        await users.findByClerkId('user_7'),
        { firstName: 'Again' },
        'A known row was not written.',
      )
    },
  },
  {
    id: 'bulk-claims',
    title: 'a snapshot of version 0 in a batch only makes rows, or fills those with nothing but their id',
    needs: ['bulk'],
    async run({ users, bulk }) {
      await users.apply(aPlainUser({ clerkId: 'user_known', firstName: 'Known', version: T }))
      await users.apply(aPlainUser({ clerkId: 'user_claimed', firstName: 'Claimed', version: 0 }))
      const claims = (clerkId: string) => ({ clerkId, firstName: 'Claims', version: 0 })
      const outcomes = await bulk(among(claims('user_known'), claims('user_claimed'), claims('user_fresh')))
      expectEqual(last(outcomes, 3), ['stale', 'unchanged', 'created'], 'Claims have other outcomes.')
      expectFields(await users.findByClerkId('user_known'), { firstName: 'Known' }, 'Claims overwrote a row.')
      expectFields(
        await users.findByClerkId('user_claimed'),
        { firstName: 'Claimed' },
        'Claims overwrote claims.',
      )
      expectFields(await users.findByClerkId('user_fresh'), { firstName: 'Claims' }, 'Claims made no row.')
    },
  },
  {
    id: 'bulk-times',
    title: 'times only grow in a batch as well, whatever the versions',
    needs: ['bulk'],
    async run({ users, bulk }) {
      await bulk(among(aPlainUser({ clerkId: 'user_t', lastSignInAt: T + 5, lastActiveAt: T + 5 })))
      const seen = await users.findByClerkId('user_t')
      // A store may leave a column out.
      const fields = (['lastSignInAt', 'lastActiveAt'] as const).filter((field) => seen?.[field] != null)
      const expectTimes = async (expected: number, fault: string) => {
        const row = await users.findByClerkId('user_t')
        for (const field of fields) expectEqual(row?.[field]?.getTime(), expected, fault)
      }
      const of = (version: number, at: number) =>
        aPlainUser({ clerkId: 'user_t', version, lastSignInAt: at, lastActiveAt: at })
      await bulk(among(of(T + 1, T + 3)))
      await expectTimes(T + 5, 'A newer snapshot lowered a time.')
      expectFields(
        await users.findByClerkId('user_t'),
        { version: T + 1 },
        'A newer snapshot was not stored.',
      )
      expectEqual(last(await bulk(among(of(T, T + 8))), 1), ['stale'], 'An old snapshot is not stale.')
      await expectTimes(T + 8, 'An old snapshot with a later time did not raise it.')
    },
  },
  {
    id: 'bulk-input',
    title: 'a batch with something that is no snapshot is refused whole, and so is one that is too large',
    needs: ['bulk'],
    async run({ bulk, probe }) {
      const noId = aPlainUser({ clerkId: { $ne: null } as never })
      await expectRejection(() => bulk([...many(3), noId]), 'StoreInputError', 'A batch took what is no id.')
      const tooMany = () => bulk(many(MOST + 1))
      await expectRejection(tooMany, 'StoreInputError', 'A batch took more than 500.')
      expectEqual((await probe.users()).length, 0, 'A batch that was refused wrote something.')
      expectEqual(await bulk([]), [], 'A batch of nothing has outcomes.')
    },
  },
  {
    id: 'bulk-500',
    title: 'a batch may have 500 snapshots',
    needs: ['bulk'],
    async run({ bulk, probe }) {
      const batch = many(MOST)
      expectThat(
        (await bulk(batch)).every((outcome) => outcome === 'created'),
        'Not all were created.',
      )
      expectEqual((await probe.users()).length, MOST, 'A batch made another number of rows.')
      const again = await bulk(batch)
      expectThat(
        again.every((outcome) => outcome === 'unchanged'),
        'The same batch again changed something.',
      )
      const next = many(MOST, () => ({ version: T + 1, lastName: 'Next' }))
      expectThat(
        (await bulk(next)).every((outcome) => outcome === 'updated'),
        'Not all were updated.',
      )
      const rows = await probe.users()
      expectThat(
        rows.every(({ lastName }) => lastName === 'Next'),
        'A row of a batch was not updated.',
      )
    },
  },
  {
    id: 'bulk-switch',
    title: 'a batch leaves the switch of the application as it is',
    needs: ['bulk'],
    async run({ users, bulk, setActive }) {
      await bulk(among(aPlainUser({ clerkId: 'user_off' })))
      const row = await users.findByClerkId('user_off')
      await setActive(row?.id, false)
      await bulk(among(aPlainUser({ clerkId: 'user_off', version: T + 1, firstName: 'New' })))
      const off = { isActive: false, firstName: 'New' }
      expectFields(await users.findByClerkId('user_off'), off, 'A batch wrote the switch.')
    },
  },
  {
    id: 'bulk-own-columns',
    title: "a batch leaves the application's own columns as they are",
    needs: ['bulk', 'custom-columns'],
    async run({ users, bulk, customColumn }) {
      await bulk(among(aPlainUser({ clerkId: 'user_own' })))
      const row = await users.findByClerkId('user_own')
      await customColumn.write(row?.id, 'dark')
      await bulk(among(aPlainUser({ clerkId: 'user_own', version: T + 1, firstName: 'New' })))
      expectFields(await users.findByClerkId('user_own'), { firstName: 'New' }, 'A batch was not stored.')
      expectEqual(await customColumn.read(row?.id), 'dark', "A batch wrote the application's column.")
    },
  },
  {
    id: 'bulk-unique',
    title:
      'a unique address that several of a batch, or rows beside it, claim ends where apply would leave it',
    needs: ['bulk', 'unique-email'],
    async run(bench) {
      const { users, bulk, createLocalUser } = bench
      await createLocalUser({ email: 'local@example.com' })
      await users.apply(claim('user_old', 'moved@example.com', T))
      await users.apply(claim('user_strong', 'strong@example.com', T + 50))
      const outcomes = await bulk(
        among(
          claim('user_new', 'moved@example.com', T + 1),
          claim('user_weak', 'strong@example.com', T + 2),
          claim('user_late', 'local@example.com', T + 3),
          claim('user_x', 'both@example.com', T + 4),
          claim('user_y', 'both@example.com', T + 5),
          claim('user_z', 'BOTH@example.com', T + 3),
        ),
      )
      expectEqual(last(outcomes, 6), Array(6).fill('created'), 'A taken address kept a user out.')
      await expectHolders(bench, {
        user_old: null,
        user_new: 'moved@example.com',
        user_strong: 'strong@example.com',
        user_weak: null,
        user_late: null,
        user_x: null,
        user_y: 'both@example.com',
      })
      // Two known users who exchange their addresses.
      await bulk(
        among(
          claim('user_new', 'strong@example.com', T + 60),
          claim('user_strong', 'moved@example.com', T + 61),
        ),
      )
      await expectHolders(bench, { user_new: 'strong@example.com', user_strong: 'moved@example.com' })
    },
  },
])

const claim = (clerkId: string, email: string, version: number): UserSnapshot =>
  aPlainUser({ clerkId, email, emailVerified: true, version })

async function expectHolders(
  { users }: Pick<Bench, 'users'>,
  expected: Readonly<Record<string, string | null>>,
): Promise<void> {
  for (const [clerkId, email] of Object.entries(expected)) {
    const held = { email, emailVerified: email !== null }
    expectFields(await users.findByClerkId(clerkId), held, `${clerkId} holds another address.`)
  }
}

const REST = [
  ...([
    'firstName',
    'lastName',
    'imageUrl',
    'publicMetadata',
    'banned',
    'deprovisioned',
    'isActive',
  ] as const),
  ...(['version', 'clerkCreatedAt', 'lastSignInAt', 'lastActiveAt', 'deletedAt'] as const),
]

const restOf = (row: UserRecord | null) => REST.map((field) => row?.[field])
