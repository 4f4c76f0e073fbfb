import type { UserActivity } from '@acme/clerk-core/store'
import { type Bench, casesOf } from '../case.js'
import { expectEqual, expectFields, expectRejection } from '../expect.js'
import { aPlainUser, aUser, DAY, T } from '../samples.js'

type Times = Pick<UserActivity, 'lastSignInAt' | 'lastActiveAt'>

/** A time of a row, as milliseconds. */
const timeOf = (row: object | null, field: string): number | null => {
  const value: unknown = row === null ? null : Reflect.get(row, field)
  return value instanceof Date ? value.getTime() : null
}

/** A store may leave a column out: which it has is seen in a row that was given both. */
async function columnsOf({ users }: Pick<Bench, 'users'>): Promise<readonly string[]> {
  const { user } = await users.apply(aUser({ lastSignInAt: T, lastActiveAt: T }))
  return ['lastSignInAt', 'lastActiveAt'].filter((field) => timeOf(user, field) === T)
}

const expectTimes = (columns: readonly string[], row: object | null, expected: Times, fault: string) => {
  for (const field of columns) expectEqual(timeOf(row, field), expected[field as keyof Times], fault)
}

const at = (lastSignInAt: number, lastActiveAt = lastSignInAt) => ({ lastSignInAt, lastActiveAt })

export const userActivityCases = casesOf('users', [
  {
    id: 'touch-raises',
    title: 'a sign-in raises the times it brings, and changes nothing else',
    needs: ['activity'],
    async run({ users, touch }) {
      const columns = await columnsOf({ users })
      const before = await users.findByClerkId('user_ada')
      await touch('user_ada', at(T + 10, T + 20))
      const row = await users.findByClerkId('user_ada')
      expectTimes(columns, row, at(T + 10, T + 20), 'touch did not raise the time.')
      const { email, firstName, version } = aUser()
      const kept = { id: before?.id, email, firstName, version, isActive: true, deletedAt: null }
      expectFields(row, kept, 'touch changed something else.')
      await users.apply(aPlainUser({ clerkId: 'user_bob' }))
      await touch('user_bob', at(T + 30))
      const first = await users.findByClerkId('user_bob')
      expectTimes(columns, first, at(T + 30), 'touch did not set a time that was empty.')
    },
  },
  {
    id: 'touch-never-lowers',
    title: 'of the times of several sign-ins the latest stays, in any order, also beside updates',
    needs: ['activity'],
    async run({ users, touch }) {
      const columns = await columnsOf({ users })
      await touch('user_ada', at(T + 30, T + 10))
      await touch('user_ada', at(T + 20, T + 40))
      await touch('user_ada', at(T + 20, T + 40))
      const latest = await users.findByClerkId('user_ada')
      expectTimes(columns, latest, at(T + 30, T + 40), 'An earlier sign-in lowered the time of a later one.')
      await users.apply(aUser({ version: T + 5, lastSignInAt: T, lastActiveAt: null, firstName: 'Augusta' }))
      const updated = await users.findByClerkId('user_ada')
      expectFields(updated, { firstName: 'Augusta', version: T + 5 }, 'The update was not stored.')
      expectTimes(columns, updated, at(T + 30, T + 40), 'An update lowered the time of a later sign-in.')
      const { user } = await users.apply(
        aUser({ version: T + 6, lastSignInAt: T + 50, lastActiveAt: T + 50 }),
      )
      expectTimes(columns, user, at(T + 50), 'apply answers another time than it was given.')
      expectTimes(
        columns,
        await users.findByClerkId('user_ada'),
        at(T + 50),
        'An update brings later times too.',
      )
    },
  },
  {
    id: 'touch-makes-no-row',
    title: 'a sign-in of an unknown user makes no row, and a deleted one stays deleted',
    needs: ['activity'],
    async run({ users, touch, probe }) {
      await touch('user_nobody', at(T))
      expectEqual((await probe.users()).length, 0, 'touch made a row.')
      await users.apply(aUser())
      await users.remove('user_ada', T + 1)
      await touch('user_ada', at(T + 10))
      const deleted = { deletedAt: new Date(T + 1) }
      expectFields(await users.findByClerkId('user_ada'), deleted, 'touch revived a deleted user.')
    },
  },
  {
    id: 'touch-after-purge',
    title: 'a late sign-in brings nothing back of a purged user',
    needs: ['activity', 'purge'],
    async run({ users, touch, purge }) {
      await users.apply(aUser())
      await users.remove('user_ada', T)
      await purge(T + 1, T + 8 * DAY)
      await touch('user_ada', at(T + 10))
      const row = await users.findByClerkId('user_ada')
      expectEqual(timeOf(row, 'lastSignInAt'), null, 'touch wrote into a purged row.')
    },
  },
  {
    id: 'touch-input',
    title: 'what is no id or no time is refused',
    needs: ['activity'],
    async run({ touch }) {
      const noId = () => touch({ $ne: null } as never, at(T))
      await expectRejection(noId, 'StoreInputError', 'touch took an object for an id.')
      const noTime = () => touch('user_ada', at(Number.NaN))
      await expectRejection(noTime, 'StoreInputError', 'touch took NaN for a time.')
    },
  },
])
