import { casesOf } from '../case.js'
import { canonical, expectEqual, expectFields, expectRejection } from '../expect.js'
import { aUser, DAY, T } from '../samples.js'

const NOW = T + 1000 * DAY

export const userPurgeCases = casesOf('users', [
  {
    id: 'purge-empties',
    title: 'a purge empties rows deleted before the time, and no others',
    needs: ['purge'],
    async run({ users, purge, createLocalUser, probe }) {
      await createLocalUser({ email: 'local@example.com' })
      await users.apply(aUser({ clerkId: 'user_live', email: 'live@example.com', username: null }))
      for (const [clerkId, at] of [['user_old', T - 1] as const, ['user_recent', T] as const]) {
        await users.apply(
          aUser({ clerkId, email: `${clerkId}@example.com`, username: null, externalId: null }),
        )
        await users.remove(clerkId, at)
      }
      const others = async () =>
        canonical(
          (await probe.users())
            .filter(({ clerkId }) => clerkId !== 'user_old')
            .map(canonical)
            .sort(),
        )
      const before = await others()
      expectEqual(await purge(T, NOW), 1, 'purge must answer how many rows it emptied.')
      const emptied = {
        ...{ email: null, username: null, phone: null, firstName: null, lastName: null, imageUrl: null },
        ...{ externalId: null, publicMetadata: null, emailVerified: false, banned: false },
        ...{ deletedAt: new Date(T - 1), version: Number.MAX_SAFE_INTEGER },
      }
      expectFields(await users.findByClerkId('user_old'), emptied, 'A purged row still holds something.')
      const row = (await probe.users()).find(({ clerkId }) => clerkId === 'user_old')
      expectFields(row ?? null, emptied, 'The database still holds something of a purged user.')
      expectEqual(await others(), before, 'A purge changed a row that was not due.')
      expectEqual(await purge(T, NOW), 0, 'A purge counted rows that were empty already.')
    },
  },
  {
    id: 'purged-stays-purged',
    title: 'nothing that arrives after a purge brings data back',
    needs: ['purge'],
    async run({ users, purge }) {
      await users.apply(aUser())
      await users.remove('user_ada', T)
      await purge(T + 1, NOW)
      const { outcome } = await users.apply(aUser({ version: NOW }))
      expectEqual(outcome, 'stale', 'A late update of a purged user must be stale.')
      await users.apply(aUser({ version: 0 }))
      await users.remove('user_ada', T + 5)
      const gone = { email: null, firstName: null, deletedAt: new Date(T) }
      expectFields(await users.findByClerkId('user_ada'), gone, 'A late event brought purged data back.')
    },
  },
  {
    id: 'purge-not-too-early',
    title: 'a purge of rows deleted less than 7 days ago is refused',
    needs: ['purge'],
    async run({ users, purge }) {
      await users.apply(aUser())
      await users.remove('user_ada', T)
      const week = 7 * DAY
      const early = () => purge(NOW - week + 1, NOW)
      await expectRejection(early, 'StoreInputError', 'purge would forget what late events have to lose to.')
      const nothing = () => purge(Number.NaN, NOW)
      await expectRejection(nothing, 'StoreInputError', 'purge took NaN for a time.')
      const noClock = () => purge(T + 1, Number.NaN)
      await expectRejection(noClock, 'StoreInputError', 'purge took NaN for the present.')
      expectFields(await users.findByClerkId('user_ada'), { firstName: 'Ada' }, 'A refused purge purged.')
      expectEqual(await purge(NOW - week, NOW), 1, 'A purge of rows deleted 7 days ago must be possible.')
    },
  },
  {
    id: 'purge-keeps-custom-columns',
    title: "a purge leaves the application's own columns to the application",
    needs: ['purge', 'custom-columns'],
    async run({ users, purge, customColumn }) {
      const { user } = await users.apply(aUser())
      await customColumn.write(user.id, 'dark')
      await users.remove('user_ada', T)
      await purge(T + 1, NOW)
      expectEqual(await customColumn.read(user.id), 'dark', 'A purge changed a column of the application.')
    },
  },
])
