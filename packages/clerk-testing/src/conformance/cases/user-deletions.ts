import { casesOf } from '../case.js'
import { expectEqual, expectFields, expectThat, sameId } from '../expect.js'
import { aPlainUser, aUser, permutations, T } from '../samples.js'

export const userDeletionCases = casesOf('users', [
  {
    id: 'remove-keeps-the-row',
    title: 'a removed user keeps the row, with its version, and is still found',
    async run({ users, probe }) {
      const { user } = await users.apply(aUser())
      const at = new Date(T + 5)
      const gone = { id: user.id, deletedAt: at, version: T, firstName: 'Ada' }
      expectFields(await users.remove('user_ada', T + 5), gone, 'remove answers the wrong row.')
      expectFields(await users.findByClerkId('user_ada'), gone, 'findByClerkId must answer deleted rows too.')
      const rows = await probe.users()
      expectEqual(rows.length, 1, 'A removal must keep the row, and make no other.')
      expectFields(rows[0] ?? null, { deletedAt: at, version: T }, 'The deletion is not in the database.')
      expectThat(sameId(rows[0]?.id, user.id), 'The row was replaced.')
    },
  },
  {
    id: 'remove-unknown-leaves-tombstone',
    title: 'the removal of an unknown id writes a row of version 0 with nothing but the id',
    async run({ users, probe }) {
      const nothing = {
        clerkId: 'user_ghost',
        email: null,
        emailVerified: false,
        username: null,
        phone: null,
        firstName: null,
        lastName: null,
        imageUrl: null,
        externalId: null,
        publicMetadata: null,
        banned: false,
        deprovisioned: false,
        isActive: true,
        version: 0,
        deletedAt: new Date(T),
      }
      expectFields(await users.remove('user_ghost', T), nothing, 'remove answers the wrong row.')
      const [row] = await probe.users()
      expectFields(row ?? null, nothing, 'The deletion of an unknown user was not recorded.')
      const found = await users.findByClerkId('user_ghost')
      expectFields(found, nothing, 'A deletion that came before its user must be found.')
    },
  },
  {
    id: 'late-update-stays-deleted',
    title: 'a late update fills the fields of a deleted row and leaves it deleted',
    async run({ users }) {
      await users.remove('user_ada', T + 5)
      const { user, outcome } = await users.apply(aUser({ version: T + 9 }))
      const filled = { firstName: 'Ada', publicMetadata: { plan: 'free' }, version: T + 9 }
      const gone = { deletedAt: new Date(T + 5) }
      expectFields(user, gone, 'A late update brought a deleted user back.')
      expectFields(await users.findByClerkId('user_ada'), gone, 'A late update undid the deletion.')
      expectFields(user, filled, 'A late update must fill the fields of a deleted row.')
      expectEqual(outcome, 'updated', 'A late update that fills a deleted row is an update.')
    },
  },
  {
    id: 'earliest-deletion-stays',
    title: 'of several deletions the earliest stays',
    async run({ users }) {
      await users.apply(aUser())
      const at = async (time: number) => (await users.remove('user_ada', time)).deletedAt
      expectEqual(await at(T + 50), new Date(T + 50), 'The deletion has another time.')
      expectEqual(await at(T + 90), new Date(T + 50), 'A later deletion replaced an earlier one.')
      expectEqual(await at(T + 20), new Date(T + 20), 'An earlier deletion must replace a later one.')
      const found = await users.findByClerkId('user_ada')
      expectFields(found, { deletedAt: new Date(T + 20), version: T }, 'The row says otherwise.')
    },
  },
  {
    id: 'remove-keeps-version',
    title: 'a removal never changes a version',
    async run({ users }) {
      await users.apply(aUser({ version: T }))
      await users.remove('user_ada', T + 1_000_000)
      const { outcome } = await users.apply(aUser({ version: T + 1, firstName: 'Late' }))
      expectEqual(outcome, 'updated', 'The time of a deletion was taken for a version.')
    },
  },
  {
    id: 'converges-in-any-order',
    title: 'every order of a history, with repetitions, ends in the same row',
    async run({ users }) {
      const id = (run: number) => `user_order_${run}`
      const history = [
        (clerkId: string) => users.apply(aPlainUser({ clerkId, version: T, firstName: 'one' })),
        (clerkId: string) => users.apply(aPlainUser({ clerkId, version: T + 1, banned: true })),
        (clerkId: string) => users.apply(aPlainUser({ clerkId, version: T + 2, firstName: 'three' })),
        (clerkId: string) => users.remove(clerkId, T + 3),
      ]
      const end = { firstName: 'three', version: T + 2, banned: false, deletedAt: new Date(T + 3) }
      for (const [run, order] of permutations(history).entries()) {
        for (const event of [...order, ...order.slice(0, 2)]) await event(id(run))
        const row = await users.findByClerkId(id(run))
        const names = order.map((event) => history.indexOf(event) + 1).join(', ')
        expectFields(row, end, `The order of events ${names} ends in another state.`)
      }
    },
  },
])
