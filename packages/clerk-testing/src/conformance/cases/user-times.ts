import { casesOf } from '../case.js'
import { expectEqual, expectFields } from '../expect.js'
import { aUser, DAY, T } from '../samples.js'

const LOWERED = 'lastSignInAt and lastActiveAt are the latest ever seen, whatever version brings them.'

export const userTimeCases = casesOf('users', [
  {
    id: 'times-of-clerk',
    title: 'a row says when the user was made at Clerk, and signed in and was active last',
    async run({ users, probe }) {
      await users.apply(aUser({ createdAt: T - DAY, lastSignInAt: T - 5, lastActiveAt: T - 6 }))
      const times = {
        clerkCreatedAt: new Date(T - DAY),
        lastSignInAt: new Date(T - 5),
        lastActiveAt: new Date(T - 6),
      }
      const fault = 'clerkCreatedAt, lastSignInAt and lastActiveAt are stored without being asked for.'
      expectFields(await users.findByClerkId('user_ada'), times, fault)
      expectFields((await probe.users())[0] ?? null, times, fault)
    },
  },
  {
    id: 'times-only-grow',
    title:
      'a newer snapshot with earlier times, or with none, lowers no time; with later ones it raises them',
    async run({ users }) {
      await users.apply(aUser({ lastSignInAt: T, lastActiveAt: T }))
      await users.apply(
        aUser({ version: T + 1, lastSignInAt: T - 1, lastActiveAt: null, firstName: 'Augusta' }),
      )
      const kept = {
        lastSignInAt: new Date(T),
        lastActiveAt: new Date(T),
        firstName: 'Augusta',
        version: T + 1,
      }
      expectFields(await users.findByClerkId('user_ada'), kept, LOWERED)
      await users.apply(aUser({ version: T + 2, lastSignInAt: T + 1, lastActiveAt: T + 2 }))
      const raised = { lastSignInAt: new Date(T + 1), lastActiveAt: new Date(T + 2), version: T + 2 }
      expectFields(await users.findByClerkId('user_ada'), raised, LOWERED)
    },
  },
  {
    id: 'times-of-a-stale-snapshot',
    title: 'a stale snapshot raises the times and changes nothing else',
    async run({ users }) {
      await users.apply(aUser({ version: T + 5, lastSignInAt: T, firstName: 'New' }))
      const { outcome } = await users.apply(aUser({ version: T + 4, lastSignInAt: T + 9, firstName: 'Old' }))
      expectEqual(outcome, 'stale', 'A snapshot that is older is stale, whatever its times.')
      const row = { lastSignInAt: new Date(T + 9), firstName: 'New', version: T + 5 }
      expectFields(await users.findByClerkId('user_ada'), row, LOWERED)
    },
  },
])
