import type { RoleSnapshot } from '@acme/clerk-core/store'
import { type Bench, casesOf } from '../case.js'
import { expectEqual, expectFields, expectOutage, expectRefused } from '../expect.js'
import { aMembership, aRole, badIds, permutations, T } from '../samples.js'

const READ = ['org:billing:read']
const BOTH = ['org:billing:read', 'org:billing:manage']

type Event = (key: string) => Promise<unknown>

/** Events of one membership and of the roles that have had its key, and what the member may do when all have come. */
interface History {
  readonly title: string
  readonly events: (bench: Pick<Bench, 'roles'>) => readonly Event[]
  readonly permissions: readonly string[]
  /** `undefined`: they are the membership's own. */
  readonly permissionsVersion?: number
}

const member =
  (version: number, permissions: readonly string[]) =>
  ({ roles }: Pick<Bench, 'roles'>): Event =>
  (key) =>
    roles.applyMembership(
      aMembership({ clerkId: `orgmem_${key}`, userId: `user_${key}`, role: key, permissions, version }),
    )

const role =
  (version: number, permissions: readonly string[], id = 'role') =>
  ({ roles }: Pick<Bench, 'roles'>): Event =>
  (key) =>
    roles.applyRole(aRole({ clerkId: `${id}_${key}`, key, permissions, version }))

const noRole =
  (at: number) =>
  ({ roles }: Pick<Bench, 'roles'>): Event =>
  (key) =>
    roles.removeRole(`role_${key}`, at)

const history =
  (...events: readonly ((bench: Pick<Bench, 'roles'>) => Event)[]) =>
  (bench: Pick<Bench, 'roles'>) =>
    events.map((event) => event(bench))

const histories: readonly History[] = [
  {
    title: 'a role that has lost a permission since',
    events: history(member(T, BOTH), member(T + 1, BOTH), role(T, BOTH), role(T + 2, READ)),
    ...{ permissions: READ, permissionsVersion: T + 2 },
  },
  {
    title: 'a role that has gained one since',
    events: history(member(T, READ), role(T + 2, BOTH)),
    ...{ permissions: BOTH, permissionsVersion: T + 2 },
  },
  {
    title: 'a membership that is newer than what is known of its role',
    events: history(member(T, BOTH), role(T + 1, BOTH), member(T + 2, READ)),
    permissions: READ,
  },
  {
    title: 'a role and a membership of one moment',
    events: history(member(T + 2, BOTH), role(T + 2, READ)),
    ...{ permissions: READ, permissionsVersion: T + 2 },
  },
  {
    title: 'a role that was deleted since',
    events: history(member(T, READ), role(T, READ), role(T + 1, READ), noRole(T + 2)),
    ...{ permissions: [], permissionsVersion: T + 2 },
  },
  {
    title: 'a role that was deleted and made anew with the same key',
    events: history(member(T, BOTH), role(T, BOTH), noRole(T + 3), role(T + 2, READ, 'role_new')),
    ...{ permissions: READ, permissionsVersion: T + 2 },
  },
]

export const roleCases = casesOf('organizations', [
  {
    id: 'role-is-stored',
    title: 'a role is stored whole and found by its key; a name that is absent is kept, null clears it',
    needs: ['roles'],
    async run({ roles, probe }) {
      expectEqual(await roles.findRole('org:member'), null, 'A role that is not known must be null.')
      const { role, outcome } = await roles.applyRole(aRole({ permissions: BOTH }))
      const { updatedAt: _, ...fields } = aRole({ permissions: BOTH })
      const expected = { ...fields, deletedAt: null }
      expectEqual(outcome, 'created', 'A first snapshot is not reported as created.')
      expectFields(role, expected, 'applyRole answers another row.')
      expectFields(await roles.findRole('org:member'), expected, 'findRole answers another row.')
      const { permissions: _p, ...columns } = expected
      expectFields((await probe.roles())[0] ?? null, columns, 'The database holds another row.')
      for (const key of ['org:Member', 'org:membe_', '%'])
        expectEqual(await roles.findRole(key), null, 'A role was found by the key of another one.')

      const { name: __, ...nameless } = aRole({ version: T + 1 })
      const renamed = await roles.applyRole(nameless)
      expectEqual(renamed.outcome, 'updated', 'A newer snapshot is not reported as updated.')
      expectFields(renamed.role, { name: 'Member', permissions: READ }, 'A name that was absent is lost.')
      const cleared = await roles.applyRole(aRole({ name: null, version: T + 2 }))
      expectFields(cleared.role, { name: null, version: T + 2 }, 'null must clear.')
    },
  },
  {
    id: 'role-converges',
    title: 'every order of a role’s history ends in the same row, and a deletion never comes undone',
    needs: ['roles'],
    async run({ roles }) {
      const apply = (fields: Partial<RoleSnapshot>) => (id: string) =>
        roles.applyRole(aRole({ ...fields, clerkId: id, key: `org:${id}` }))
      const events = [
        apply({ permissions: BOTH }),
        apply({ permissions: READ, version: T + 1 }),
        (id: string) => roles.removeRole(id, T + 2),
        (id: string) => roles.removeRole(id, T + 3),
      ]
      for (const [run, order] of permutations(events).entries()) {
        const id = `role_order_${run}`
        for (const event of [...order, ...order.slice(0, 1)]) await event(id)
        const names = order.map((event) => events.indexOf(event) + 1).join(', ')
        const end = { permissions: READ, version: T + 1, deletedAt: new Date(T + 2) }
        const fault = `The order of events ${names} ends in another role.`
        expectFields(await roles.findRole(`org:${id}`), end, fault)
      }
    },
  },
  {
    id: 'role-remove-unknown',
    title: 'the deletion of an unknown role makes a row without key, which a late event fills',
    needs: ['roles'],
    async run({ roles }) {
      const nothing = {
        clerkId: 'role_1',
        key: null,
        permissions: [],
        version: 0,
        deletedAt: new Date(T + 5),
      }
      expectFields(await roles.removeRole('role_1', T + 5), nothing, 'removeRole answers the wrong row.')
      const { role } = await roles.applyRole(aRole())
      const gone = { key: 'org:member', deletedAt: new Date(T + 5) }
      expectFields(role, gone, 'A late event undid the deletion of a role.')
      expectFields(await roles.findRole('org:member'), gone, 'A deleted role must be found.')
    },
  },
  {
    id: 'role-list',
    title: 'every role is listed that is not deleted',
    needs: ['roles'],
    async run({ roles }) {
      await roles.applyRole(aRole({ permissions: BOTH }))
      await roles.applyRole(aRole({ clerkId: 'role_2', key: 'org:guest', permissions: [] }))
      await roles.applyRole(aRole({ clerkId: 'role_3', key: 'org:gone' }))
      await roles.removeRole('role_3', T + 1)
      await roles.removeRole('role_unknown', T + 1)
      const listed = [...(await roles.listRoles())].sort((one, other) =>
        one.clerkId < other.clerkId ? -1 : 1,
      )
      expectEqual(
        listed.map(({ clerkId, permissions }) => [clerkId, permissions]),
        [
          ['role_1', BOTH],
          ['role_2', []],
        ],
        'listRoles must answer the roles that are not deleted.',
      )
    },
  },
  {
    id: 'role-decides-permissions',
    title: 'a member may do what the newer of role and membership says, in every order of their events',
    needs: ['roles'],
    async run(bench) {
      const { roles } = bench
      for (const [index, { title, events, permissions, permissionsVersion }] of histories.entries()) {
        for (const [run, order] of permutations(events(bench)).entries()) {
          const key = `org:history_${index}_${run}`
          for (const event of [...order, ...order.slice(0, 1)]) await event(key)
          const found = await roles.findMembership('org_acme', `user_${key}`)
          const fault = `Other permissions count for ${title} (order ${run}).`
          expectFields(found, { role: key, permissions }, fault)
          expectEqual(found?.permissionsVersion, permissionsVersion, `permissionsVersion: ${title}.`)
          const [listed = null] = await roles.listMemberships({ userId: `user_${key}` })
          expectFields(listed, { permissions }, `Other permissions are listed for ${title}.`)
        }
      }
    },
  },
  {
    id: 'role-of-another-key',
    title: 'a role concerns the memberships that have its key and no others',
    needs: ['roles'],
    async run({ roles }) {
      await roles.applyMembership(aMembership())
      await roles.applyRole(aRole({ key: 'org:Member', permissions: [], version: T + 9 }))
      const found = await roles.findMembership('org_acme', 'user_ada')
      expectFields(found, { permissions: READ }, 'The permissions of another role count.')
    },
  },
  {
    id: 'role-refuses-non-ids',
    title: 'what is no id or key is refused',
    needs: ['roles'],
    async run({ roles }) {
      for (const [description, id] of badIds) {
        const calls = {
          findRole: () => roles.findRole(id),
          applyRole: () => roles.applyRole(aRole({ clerkId: id })),
          removeRole: () => roles.removeRole(id, T),
        }
        await expectRefused(calls, description)
        await expectRefused({ applyRole: () => roles.applyRole(aRole({ key: id })) }, description)
      }
    },
  },
  {
    id: 'role-outage',
    title: 'every method for roles says that the store cannot be reached',
    needs: ['roles', 'outage'],
    async run({ roles, breakConnection }) {
      await expectOutage(breakConnection, {
        findRole: () => roles.findRole('org:member'),
        listRoles: () => roles.listRoles(),
        applyRole: () => roles.applyRole(aRole()),
        removeRole: () => roles.removeRole('role_1', T),
      })
    },
  },
])
