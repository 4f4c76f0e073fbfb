import { casesOf } from '../case.js'
import { canonical, expectEqual, expectFields } from '../expect.js'
import { aMembership, anOrganization, permutations, T } from '../samples.js'

export const membershipCases = casesOf('organizations', [
  {
    id: 'membership-without-parent',
    title: 'a membership is stored whole, before its organisation and its user are known',
    async run({ organizations, probe }) {
      const none = await organizations.findMembership('org_acme', 'user_ada')
      expectEqual(none, null, 'A user who is no member must be null.')
      const { membership, outcome } = await organizations.applyMembership(aMembership())
      const expected = {
        ...{ clerkId: 'orgmem_1', orgId: 'org_acme', userId: 'user_ada', role: 'org:member' },
        ...{ permissions: ['org:billing:read'], publicMetadata: {}, createdAt: new Date(T), version: T },
        deletedAt: null,
      }
      expectEqual(outcome, 'created', 'A first snapshot is not reported as created.')
      expectFields(membership, expected, 'applyMembership answers another row.')
      const found = await organizations.findMembership('org_acme', 'user_ada')
      expectFields(found, expected, 'findMembership answers another row.')
      const { permissions: _p, publicMetadata: _m, ...columns } = expected
      expectFields((await probe.memberships())[0] ?? null, columns, 'The database holds another row.')
      const others = [
        await organizations.findMembership('org_acme', 'user_other'),
        await organizations.findMembership('org_other', 'user_ada'),
      ]
      expectEqual(others, [null, null], 'The membership of another user was found.')
    },
  },
  {
    id: 'membership-versions',
    title: 'the newest version of a membership wins, and outcomes are true',
    async run({ organizations }) {
      const apply = async (role: string, version: number) =>
        (await organizations.applyMembership(aMembership({ role, version }))).outcome
      const role = async () => (await organizations.findMembership('org_acme', 'user_ada'))?.role
      await apply('org:admin', T)
      expectEqual(await apply('org:member', T + 2), 'updated', 'A demotion must be reported as updated.')
      expectEqual(await apply('org:admin', T + 1), 'stale', 'An older role must be reported as stale.')
      expectEqual(await role(), 'org:member', 'A demotion was undone by an older event.')
      expectEqual(await apply('org:owner', T + 2), 'updated', 'Of equal versions the later write must win.')
      expectEqual(await role(), 'org:owner', 'Of equal versions the later write must win.')
      expectEqual(await apply('org:owner', T + 2), 'unchanged', 'The same again must be unchanged.')
    },
  },
  {
    id: 'membership-same-moment',
    title:
      'of memberships that began in the same millisecond the one with the higher id counts, byte by byte',
    async run({ organizations }) {
      for (const clerkId of ['orgmem_a', 'orgmem_C', 'orgmem_b', 'orgmem_B'])
        await organizations.applyMembership(aMembership({ clerkId }))
      const counts = await organizations.findMembership('org_acme', 'user_ada')
      expectFields(counts, { clerkId: 'orgmem_b' }, 'A collation decides which membership counts.')
      const listed = await organizations.listMemberships({ userId: 'user_ada' })
      const order = ['orgmem_B', 'orgmem_C', 'orgmem_a', 'orgmem_b']
      const ids = listed.map(({ clerkId }) => clerkId)
      expectEqual(ids, order, 'A collation decides the order of memberships.')
    },
  },
  {
    id: 'membership-remove-unknown',
    title: 'the deletion of an unknown membership records who it was about, and stays',
    async run({ organizations }) {
      const { clerkId, orgId, userId, createdAt } = aMembership()
      const identity = { clerkId, orgId, userId }
      const row = await organizations.removeMembership({ ...identity, createdAt }, T + 5)
      const gone = { ...identity, createdAt: new Date(createdAt), deletedAt: new Date(T + 5) }
      const nothing = { ...gone, role: null, permissions: [], version: 0 }
      expectFields(row, nothing, 'removeMembership answers the wrong row.')
      const found = await organizations.findMembership(orgId, userId)
      expectFields(found, nothing, 'A removal that came before its membership must be found.')
      const late = await organizations.applyMembership(aMembership({ version: T + 9 }))
      expectFields(late.membership, { ...gone, role: 'org:member' }, 'A late event undid a removal.')
    },
  },
  {
    id: 'membership-converges',
    title: 'every order of a membership’s history ends in the same row',
    async run({ organizations }) {
      const apply = (id: string, role: string, version: number) =>
        organizations.applyMembership(aMembership({ clerkId: id, userId: `user_${id}`, role, version }))
      const remove = (id: string, at: number) =>
        organizations.removeMembership(aMembership({ clerkId: id, userId: `user_${id}` }), at)
      const history = [
        (id: string) => apply(id, 'org:admin', T),
        (id: string) => apply(id, 'org:member', T + 1),
        (id: string) => remove(id, T + 2),
        (id: string) => remove(id, T + 3),
      ]
      for (const [run, order] of permutations(history).entries()) {
        const id = `orgmem_order_${run}`
        for (const event of [...order, ...order.slice(0, 1)]) await event(id)
        const end = { role: 'org:member', version: T + 1, deletedAt: new Date(T + 2) }
        const names = order.map((event) => history.indexOf(event) + 1).join(', ')
        const fault = `The order of events ${names} ends in another state.`
        expectFields(await organizations.findMembership('org_acme', `user_${id}`), end, fault)
      }
    },
  },
  {
    id: 'membership-newest-counts',
    title: 'of several memberships of one user the one that began last counts, live or deleted',
    async run({ organizations }) {
      const first = aMembership({
        clerkId: 'orgmem_first',
        createdAt: T,
        role: 'org:admin',
        version: T + 900,
      })
      const second = aMembership({ clerkId: 'orgmem_second', createdAt: T + 500, version: T + 500 })
      for (const order of [
        [first, second],
        [second, first],
      ]) {
        for (const membership of order) await organizations.applyMembership(membership)
        const found = await organizations.findMembership('org_acme', 'user_ada')
        const fault = 'An earlier membership with a higher version was taken for the current one.'
        expectFields(found, { clerkId: 'orgmem_second', role: 'org:member' }, fault)
      }
      await organizations.removeMembership(second, T + 600)
      const found = await organizations.findMembership('org_acme', 'user_ada')
      const gone = { clerkId: 'orgmem_second', deletedAt: new Date(T + 600) }
      expectFields(found, gone, 'A user who left is a member again through an earlier membership.')
      await organizations.applyMembership(
        aMembership({ clerkId: 'orgmem_third', createdAt: T + 700, version: T + 700 }),
      )
      const back = await organizations.findMembership('org_acme', 'user_ada')
      expectFields(back, { clerkId: 'orgmem_third', deletedAt: null }, 'A user who rejoined is no member.')
    },
  },
  {
    id: 'organization-deletion-counts',
    title: 'the deletion of an organisation is the deletion of its memberships, the earlier of both counts',
    async run({ organizations }) {
      const deletedAt = async (userId: string) =>
        (await organizations.findMembership('org_acme', userId))?.deletedAt
      await organizations.applyOrganization(anOrganization())
      await organizations.applyMembership(aMembership())
      await organizations.applyMembership(aMembership({ clerkId: 'orgmem_2', userId: 'user_left' }))
      await organizations.removeMembership(aMembership({ clerkId: 'orgmem_2', userId: 'user_left' }), T + 5)
      await organizations.removeOrganization('org_acme', T + 9)
      const ended = new Date(T + 9)
      expectEqual(await deletedAt('user_ada'), ended, "A deleted organisation's member is still a member.")
      expectEqual(await deletedAt('user_left'), new Date(T + 5), 'The earlier deletion must count.')
      await organizations.applyMembership(
        aMembership({ clerkId: 'orgmem_3', userId: 'user_late', version: T + 20 }),
      )
      const late = 'A membership that arrived after the deletion of its organisation is live.'
      expectEqual(await deletedAt('user_late'), ended, late)
      await organizations.removeMembership(aMembership(), T + 12)
      expectEqual(await deletedAt('user_ada'), ended, 'A later deletion replaced an earlier one.')
      const listed = await organizations.listMemberships({ orgId: 'org_acme' })
      expectEqual(listed.length, 0, 'Memberships of a deleted organisation are listed.')
    },
  },
  {
    id: 'list-live-memberships',
    title: 'only live memberships of live organisations are listed, oldest first',
    async run({ organizations }) {
      const memberships = [
        { clerkId: 'orgmem_b', orgId: 'org_b', createdAt: T + 2 },
        { clerkId: 'orgmem_a', orgId: 'org_a', createdAt: T + 1 },
        { clerkId: 'orgmem_gone', orgId: 'org_c', createdAt: T },
        { clerkId: 'orgmem_d', orgId: 'org_d', createdAt: T + 3 },
        { clerkId: 'orgmem_other', orgId: 'org_a', userId: 'user_other', createdAt: T },
      ].map(aMembership)
      for (const membership of memberships) await organizations.applyMembership(membership)
      const [, , gone] = memberships
      if (gone !== undefined) await organizations.removeMembership(gone, T + 9)
      await organizations.removeOrganization('org_d', T + 9)
      const ids = async (of: { userId: string } | { orgId: string }) =>
        (await organizations.listMemberships(of)).map(({ clerkId }) => clerkId)
      const fault = 'listMemberships must answer the live ones, oldest first.'
      expectEqual(await ids({ userId: 'user_ada' }), ['orgmem_a', 'orgmem_b'], fault)
      expectEqual(await ids({ orgId: 'org_a' }), ['orgmem_other', 'orgmem_a'], fault)
      expectEqual(canonical(await ids({ userId: 'user_nobody' })), '[]', fault)
    },
  },
])
