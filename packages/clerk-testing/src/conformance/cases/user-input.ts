import type { Metadata, UserSnapshot } from '@acme/clerk-core'
import { casesOf } from '../case.js'
import { canonical, expectEqual, expectFields, expectRejection } from '../expect.js'
import { aUser, badIds, T } from '../samples.js'

/** Own keys that are operators, paths or prototypes to somebody. */
const hostile = JSON.parse(
  `{"$set":{"isActive":true},"$ne":null,"a.b":1,"a":{"b":2},"__proto__":{"polluted":true},"constructor":{"prototype":1},
    "null":null,"empty":{},"list":[],"nested":[{"$gt":""},null,1.5,true,"🦊"],"":"no name","zero":0,"quote":"'\\"\\\\;--"}`,
) as Metadata

export const userInputCases = casesOf('users', [
  {
    id: 'bad-ids-refused',
    title: 'an id that is no id is refused before any query, and nothing is written',
    async run({ users, probe }) {
      await users.apply(aUser())
      const before = canonical(await probe.users())
      for (const [description, clerkId] of badIds) {
        const fault = (method: string) => `${method} took ${description} for an id.`
        const calls = {
          findByClerkId: () => users.findByClerkId(clerkId),
          apply: () => users.apply(aUser({ clerkId })),
          remove: () => users.remove(clerkId, T),
        }
        for (const [method, call] of Object.entries(calls))
          await expectRejection(call, 'StoreInputError', fault(method))
      }
      expectEqual(canonical(await probe.users()), before, 'A refused call changed the database.')
    },
  },
  {
    id: 'bad-numbers-refused',
    title: 'versions and times that are no whole milliseconds are refused',
    async run({ users, probe }) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1.5, -1, '1' as unknown as number]) {
        const apply = () => users.apply(aUser({ version: bad }))
        await expectRejection(apply, 'StoreInputError', `apply took version ${String(bad)}.`)
        if (bad === -1) continue
        const remove = () => users.remove('user_ada', bad)
        await expectRejection(remove, 'StoreInputError', `remove took the time ${String(bad)}.`)
      }
      expectEqual((await probe.users()).length, 0, 'A refused call made a row.')
    },
  },
  {
    id: 'bad-addresses-refused',
    title: 'an address or local id that is none is refused by the methods of linking',
    needs: ['linking'],
    async run({ linking, createLocalUser, probe }) {
      await createLocalUser({ email: 'ada@example.com', emailVerified: true })
      const before = canonical(await probe.users())
      for (const [description, bad] of badIds) {
        const find = () => linking.findLinkable(bad)
        await expectRejection(find, 'StoreInputError', `findLinkable took ${description} for an address.`)
        // Numbers are ids to some stores.
        if (typeof bad === 'number') continue
        const link = () => linking.link(bad, aUser())
        await expectRejection(link, 'StoreInputError', `link took ${description} for a local id.`)
      }
      expectEqual(canonical(await probe.users()), before, 'A refused call changed the database.')
    },
  },
  {
    id: 'metadata-round-trips',
    title: 'metadata comes back as it was, whatever its keys are called',
    async run({ users }) {
      const { user } = await users.apply(aUser({ publicMetadata: hostile }))
      expectFields(user, { publicMetadata: hostile }, 'apply answers other metadata.')
      const found = await users.findByClerkId('user_ada')
      expectFields(found, { publicMetadata: hostile, isActive: true }, 'Metadata was stored differently.')
      const again = await users.apply(aUser({ publicMetadata: hostile }))
      expectEqual(again.outcome, 'unchanged', 'The same metadata is taken for other.')
      expectEqual(Object.hasOwn(Object.prototype, 'polluted'), false, 'Metadata reached Object.prototype.')
      const replaced = await users.apply(aUser({ publicMetadata: { only: 1 }, version: T + 1 }))
      expectFields(replaced.user, { publicMetadata: { only: 1 } }, 'Metadata was merged, not replaced.')
    },
  },
  {
    id: 'answers-are-copies',
    title: 'what the caller does to an answer or to its argument does not reach the store',
    async run({ users }) {
      const snapshot = aUser({ publicMetadata: { list: [1] } })
      const spoil = (row: object) => {
        const { publicMetadata } = row as { publicMetadata: { list: number[] } }
        try {
          publicMetadata.list.push(2)
          Object.assign(row, { isActive: false, email: 'spoilt@example.com', clerkId: 'user_spoilt' })
        } catch {
          // Frozen answers are as good as copies.
        }
      }
      const intact = async (whose: string) => {
        const expected = { isActive: true, email: 'ada@example.com', publicMetadata: { list: [1] } }
        const fault = `${whose} is the store's own object: changing it changed the row.`
        expectFields(await users.findByClerkId('user_ada'), expected, fault)
      }
      spoil((await users.apply(snapshot)).user)
      await intact('What apply answers')
      spoil((await users.findByClerkId('user_ada')) ?? {})
      await intact('What findByClerkId answers')
      const argument = structuredClone(snapshot) as UserSnapshot
      await users.apply({ ...argument, version: T + 1 })
      spoil(argument)
      await intact('The snapshot given')
    },
  },
  {
    id: 'outage-is-not-null',
    title: 'a store that cannot be reached says so, in every method, and recovers by itself',
    needs: ['outage'],
    async run({ users, breakConnection }) {
      await users.apply(aUser())
      const calls: Record<string, () => Promise<unknown>> = {
        findByClerkId: () => users.findByClerkId('user_ada'),
        apply: () => users.apply(aUser({ version: T + 1 })),
        remove: () => users.remove('user_ada', T),
        ...(users.findLinkable && { findLinkable: async () => users.findLinkable?.('ada@example.com') }),
        ...(users.ping && { ping: async () => users.ping?.() }),
      }
      const restore = await breakConnection()
      try {
        await Promise.all(
          Object.entries(calls).map(([method, call]) =>
            expectRejection(call, 'StoreUnavailableError', `${method} hides an outage.`),
          ),
        )
      } finally {
        await restore()
      }
      expectFields(await users.findByClerkId('user_ada'), { version: T }, 'The store did not recover.')
    },
  },
])

const NOW = T + 1000 * 24 * 3600 * 1000

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
        ...{ externalId: null, publicMetadata: null, emailVerified: false, isActive: false },
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
      const gone = { email: null, firstName: null, deletedAt: new Date(T), isActive: false }
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
      const week = 7 * 24 * 3600 * 1000
      const early = () => purge(NOW - week + 1, NOW)
      await expectRejection(early, 'StoreInputError', 'purge would forget what late events have to lose to.')
      const nothing = () => purge(Number.NaN, NOW)
      await expectRejection(nothing, 'StoreInputError', 'purge took NaN for a time.')
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
