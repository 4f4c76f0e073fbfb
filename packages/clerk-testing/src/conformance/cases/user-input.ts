import type { Metadata } from '@acme/clerk-core/store'
import { casesOf } from '../case.js'
import {
  afterOutage,
  canonical,
  expectEqual,
  expectFields,
  expectOutage,
  expectRefused,
  expectRejection,
  spoil,
} from '../expect.js'
import { aPlainUser, aUser, badIds, T } from '../samples.js'

/** Own keys that are operators, paths or prototypes to a database or an object. */
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
        const calls = {
          findByClerkId: () => users.findByClerkId(clerkId),
          apply: () => users.apply(aUser({ clerkId })),
          remove: () => users.remove(clerkId, T),
        }
        await expectRefused(calls, description)
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
        const find = () => linking.findLinkable({ email: bad })
        await expectRejection(find, 'StoreInputError', `findLinkable took ${description} for an address.`)
        const findById = () => linking.findLinkable({ externalId: bad })
        await expectRejection(
          findById,
          'StoreInputError',
          `findLinkable took ${description} for an external id.`,
        )
        // Numbers are ids to some stores.
        if (typeof bad === 'number') continue
        const link = () => linking.link(bad, aUser())
        await expectRejection(link, 'StoreInputError', `link took ${description} for a local id.`)
      }
      expectEqual(canonical(await probe.users()), before, 'A refused call changed the database.')
    },
  },
  {
    id: 'bad-dates-refused',
    title: 'a snapshot whose dates are none is refused',
    async run({ users, probe }) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 0.5, 9e15]) {
        for (const field of ['createdAt', 'lastSignInAt', 'lastActiveAt'] as const) {
          const apply = () => users.apply(aUser({ [field]: bad }))
          await expectRejection(apply, 'StoreInputError', `apply took ${bad} for ${field}.`)
        }
      }
      expectEqual((await probe.users()).length, 0, 'A refused call made a row.')
    },
  },
  {
    id: 'no-address-is-unverified',
    title: 'a snapshot without an address makes no row that calls it verified',
    async run({ users, probe }) {
      await users.apply(aPlainUser({ email: null, emailVerified: true }))
      const nothing = { email: null, emailVerified: false }
      const fault = 'A row without an address calls it verified.'
      expectFields(await users.findByClerkId('user_ada'), nothing, fault)
      expectFields((await probe.users())[0] ?? null, nothing, fault)
    },
  },
  {
    id: 'any-text-is-stored',
    title: 'a name that no database holds everywhere keeps no event out, and is no change the second time',
    async run({ users }) {
      const odd = aPlainUser({
        ...{
          firstName: 'A\0da',
          username: 'a\0da',
          lastName: 'x\ud800',
          publicMetadata: { plan: 'pro', 'k\0': ['\0', '\udfff'] },
        },
      })
      expectEqual((await users.apply(odd)).outcome, 'created', 'A name kept a user out.')
      const again = await users.apply(odd)
      expectEqual(again.outcome, 'unchanged', 'The same snapshot is taken for a change each time.')
      expectFields(again.user, { firstName: 'Ada' }, 'U+0000 is not dropped.')
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
      const spoilAll = (row: object | null) => {
        spoil((row as { publicMetadata: { list: object } } | null)?.publicMetadata.list, { 1: 2 })
        spoil(row, { isActive: false, email: 'spoilt@example.com', clerkId: 'user_spoilt' })
      }
      const intact = async (whose: string) => {
        const expected = { isActive: true, email: 'ada@example.com', publicMetadata: { list: [1] } }
        const fault = `${whose} is the store's own object: changing it changed the row.`
        expectFields(await users.findByClerkId('user_ada'), expected, fault)
      }
      spoilAll((await users.apply(snapshot)).user)
      await intact('What apply answers')
      spoilAll(await users.findByClerkId('user_ada'))
      await intact('What findByClerkId answers')
      const argument = structuredClone(snapshot)
      await users.apply({ ...argument, version: T + 1 })
      spoilAll(argument)
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
        ...(users.findLinkable && {
          findLinkable: async () => users.findLinkable?.({ email: 'ada@example.com' }),
          findByExternalId: async () => users.findLinkable?.({ externalId: 'ada' }),
        }),
        ...(users.ping && { ping: async () => users.ping?.() }),
      }
      await expectOutage(breakConnection, calls)
      const row = await afterOutage(() => users.findByClerkId('user_ada'))
      expectFields(row, { version: T, deletedAt: null }, 'The store did not recover as it was.')
    },
  },
])
