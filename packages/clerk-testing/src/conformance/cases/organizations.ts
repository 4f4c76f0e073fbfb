import { casesOf } from '../case.js'
import {
  afterOutage,
  canonical,
  expectEqual,
  expectFields,
  expectOutage,
  expectRefused,
  spoil,
} from '../expect.js'
import { aMembership, anInvitation, anOrganization, badIds, permutations, T } from '../samples.js'

export const organizationCases = casesOf('organizations', [
  {
    id: 'create-stores-every-field',
    title: 'a first snapshot creates one organisation with every synced field',
    async run({ organizations, probe }) {
      expectEqual(await organizations.findOrganization('org_acme'), null, 'An unknown id must be null.')
      const { organization, outcome } = await organizations.applyOrganization(anOrganization())
      const { clerkId, name, slug, imageUrl, publicMetadata, version } = anOrganization()
      const expected = { clerkId, name, slug, imageUrl, publicMetadata, version, deletedAt: null }
      expectEqual(outcome, 'created', 'A first snapshot is not reported as created.')
      expectFields(organization, expected, 'applyOrganization answers another row.')
      expectFields(await organizations.findOrganization('org_acme'), expected, 'Another row is read.')
      const rows = await probe.organizations()
      expectEqual(rows.length, 1, 'One organisation must be one row.')
      expectFields(rows[0] ?? null, { clerkId, name, slug, version }, 'The database holds another row.')
    },
  },
  {
    id: 'versions',
    title: 'the newest version wins, equal ones by the later write, and outcomes are true',
    async run({ organizations }) {
      const apply = async (name: string, version: number) =>
        (await organizations.applyOrganization(anOrganization({ name, version }))).outcome
      const named = async () => (await organizations.findOrganization('org_acme'))?.name
      await apply('One', T)
      expectEqual(await apply('Two', T + 2), 'updated', 'A newer snapshot must be reported as updated.')
      expectEqual(await apply('Late', T + 1), 'stale', 'An older snapshot must be reported as stale.')
      expectEqual(await named(), 'Two', 'An older version overwrote a newer one.')
      expectEqual(await apply('Three', T + 2), 'updated', 'Of equal versions the later write must win.')
      expectEqual(await named(), 'Three', 'Of equal versions the later write must win.')
      expectEqual(await apply('Three', T + 2), 'unchanged', 'The same again must be reported as unchanged.')
    },
  },
  {
    id: 'version-zero',
    title: 'version 0 is a version as any: organisations are not built from claims',
    async run({ organizations }) {
      const apply = async (name: string) =>
        (await organizations.applyOrganization(anOrganization({ name, version: 0 }))).outcome
      expectEqual(await apply('One'), 'created', 'A first snapshot is not reported as created.')
      expectEqual(await apply('Two'), 'updated', 'Of equal versions the later write must win, 0 included.')
      const row = await organizations.findOrganization('org_acme')
      expectFields(row, { name: 'Two', version: 0 }, 'A snapshot of version 0 was taken for claims.')
    },
  },
  {
    id: 'converges-in-any-order',
    title: 'every order of a history, deletion included, ends in the same organisation',
    async run({ organizations }) {
      const of = (orgId: string, name: string, version: number) =>
        organizations.applyOrganization(anOrganization({ clerkId: orgId, slug: null, name, version }))
      const history = [
        (orgId: string) => of(orgId, 'One', T),
        (orgId: string) => of(orgId, 'Two', T + 1),
        (orgId: string) => organizations.removeOrganization(orgId, T + 2),
        (orgId: string) => organizations.removeOrganization(orgId, T + 3),
      ]
      for (const [run, order] of permutations(history).entries()) {
        const orgId = `org_order_${run}`
        for (const event of [...order, ...order.slice(0, 1)]) await event(orgId)
        const end = { name: 'Two', version: T + 1, deletedAt: new Date(T + 2) }
        const names = order.map((event) => history.indexOf(event) + 1).join(', ')
        const fault = `The order of events ${names} ends in another state.`
        expectFields(await organizations.findOrganization(orgId), end, fault)
      }
    },
  },
  {
    id: 'remove-unknown-leaves-tombstone',
    title: 'the deletion of an unknown organisation is recorded, and nothing else',
    async run({ organizations, probe }) {
      const nothing = { name: null, slug: null, version: 0, deletedAt: new Date(T) }
      const row = await organizations.removeOrganization('org_ghost', T)
      expectFields(row, { clerkId: 'org_ghost', ...nothing }, 'removeOrganization answers the wrong row.')
      expectFields((await probe.organizations())[0] ?? null, nothing, 'The deletion was not recorded.')
    },
  },
  {
    id: 'unique-slug',
    title: 'a slug belongs to the newest live organisation, whatever the order of events',
    needs: ['unique-slug'],
    async run({ organizations }) {
      const apply = (clerkId: string, slug: string, version: number) =>
        organizations.applyOrganization(anOrganization({ clerkId, slug, version }))
      const slugOf = async (orgId: string) => (await organizations.findOrganization(orgId))?.slug
      await apply('org_a', 'acme', T)
      await apply('org_b', 'acme', T + 1)
      expectEqual(
        [await slugOf('org_a'), await slugOf('org_b')],
        [null, 'acme'],
        'The older row must give up.',
      )
      await apply('org_c', 'acme', T)
      expectEqual(
        [await slugOf('org_b'), await slugOf('org_c')],
        ['acme', null],
        'A newer row lost its slug.',
      )
      await organizations.removeOrganization('org_b', T + 2)
      expectEqual(await slugOf('org_b'), null, 'A deleted organisation holds its slug.')
      await apply('org_c', 'acme', T)
      expectEqual(await slugOf('org_c'), 'acme', 'A deleted organisation keeps its slug from others.')
      await apply('org_b', 'acme', T + 9)
      expectEqual(
        [await slugOf('org_b'), await slugOf('org_c')],
        [null, 'acme'],
        'A deleted row took a slug.',
      )
    },
  },
  {
    id: 'ids-are-exact',
    title: 'ids that differ only in case are two organisations, memberships, invitations',
    async run({ organizations, probe }) {
      for (const id of ['aB', 'Ab']) {
        const organization = anOrganization({ clerkId: `org_${id}`, slug: null })
        await organizations.applyOrganization(organization)
        await organizations.applyMembership(aMembership({ clerkId: `orgmem_${id}`, orgId: `org_${id}` }))
        await organizations.applyInvitation(anInvitation({ clerkId: `orginv_${id}` }))
      }
      expectEqual((await probe.organizations()).length, 2, 'Ids of organisations compare without case.')
      expectEqual((await probe.memberships()).length, 2, 'Ids of memberships compare without case.')
      expectEqual((await probe.invitations()).length, 2, 'Ids of invitations compare without case.')
      const found = await organizations.findMembership('org_aB', 'USER_ADA')
      expectEqual(found, null, 'A membership was found under an id in another case.')
      const listed = await organizations.listMemberships({ orgId: 'org_aB' })
      expectEqual(listed.length, 1, 'Another organisation’s membership is listed.')
    },
  },
  {
    id: 'bad-ids-refused',
    title: 'an id that is no id is refused before any query, and nothing is written',
    async run({ organizations, probe }) {
      await organizations.applyMembership(aMembership())
      const state = async () =>
        canonical([await probe.organizations(), await probe.memberships(), await probe.invitations()])
      const before = await state()
      for (const [description, bad] of badIds) {
        const calls = {
          findOrganization: () => organizations.findOrganization(bad),
          applyOrganization: () => organizations.applyOrganization(anOrganization({ clerkId: bad })),
          removeOrganization: () => organizations.removeOrganization(bad, T),
          'findMembership (orgId)': () => organizations.findMembership(bad, 'user_ada'),
          'findMembership (userId)': () => organizations.findMembership('org_acme', bad),
          applyMembership: () => organizations.applyMembership(aMembership({ clerkId: bad })),
          'applyMembership (userId)': () => organizations.applyMembership(aMembership({ userId: bad })),
          removeMembership: () => organizations.removeMembership(aMembership({ clerkId: bad }), T),
          'listMemberships (userId)': () => organizations.listMemberships({ userId: bad }),
          'listMemberships (orgId)': () => organizations.listMemberships({ orgId: bad }),
          applyInvitation: () => organizations.applyInvitation(anInvitation({ clerkId: bad })),
          findInvitation: () => organizations.findInvitation(bad),
        }
        await expectRefused(calls, description)
      }
      expectEqual(await state(), before, 'A refused call changed the database.')
    },
  },
  {
    id: 'answers-are-copies',
    title: 'what the caller does to an answer does not reach the store',
    async run({ organizations }) {
      await organizations.applyOrganization(anOrganization())
      await organizations.applyMembership(aMembership())
      spoil(await organizations.findOrganization('org_acme'), { name: 'Spoilt' })
      const found = await organizations.findMembership('org_acme', 'user_ada')
      spoil(found?.permissions, { 0: 'org:spoilt' })
      spoil(found, { role: 'org:admin' })
      spoil((await organizations.listMemberships({ userId: 'user_ada' }))[0], { role: 'org:admin' })
      const fault = "An answer is the store's own object: changing it changed the row."
      expectFields(await organizations.findOrganization('org_acme'), { name: 'Acme' }, fault)
      const membership = await organizations.findMembership('org_acme', 'user_ada')
      expectFields(membership, { role: 'org:member', permissions: ['org:billing:read'] }, fault)
    },
  },
  {
    id: 'outage-is-not-null',
    title: 'a store that cannot be reached says so, in every method, and recovers by itself',
    needs: ['outage'],
    async run({ organizations, breakConnection }) {
      await organizations.applyOrganization(anOrganization())
      const calls = {
        findOrganization: () => organizations.findOrganization('org_acme'),
        applyOrganization: () => organizations.applyOrganization(anOrganization({ version: T + 1 })),
        removeOrganization: () => organizations.removeOrganization('org_acme', T),
        findMembership: () => organizations.findMembership('org_acme', 'user_ada'),
        applyMembership: () => organizations.applyMembership(aMembership()),
        removeMembership: () => organizations.removeMembership(aMembership(), T),
        listMemberships: () => organizations.listMemberships({ userId: 'user_ada' }),
        applyInvitation: () => organizations.applyInvitation(anInvitation()),
        findInvitation: () => organizations.findInvitation('orginv_1'),
        ...(organizations.ping && { ping: async () => organizations.ping?.() }),
      }
      await expectOutage(breakConnection, calls)
      const row = await afterOutage(() => organizations.findOrganization('org_acme'))
      expectFields(row, { version: T, deletedAt: null }, 'The store did not recover as it was.')
    },
  },
])

export const invitationCases = casesOf('organizations', [
  {
    id: 'invitations',
    title: 'the newest state of an invitation wins, whatever the order of events',
    async run({ organizations, probe }) {
      expectEqual(await organizations.findInvitation('orginv_1'), null, 'An unknown id must be null.')
      const apply = async (status: string, version: number) =>
        (await organizations.applyInvitation(anInvitation({ status, version }))).outcome
      expectEqual(
        await apply('accepted', T + 1),
        'created',
        'An invitation never waits for its organisation.',
      )
      expectEqual(await apply('pending', T), 'stale', 'An older state must be reported as stale.')
      expectEqual(await apply('accepted', T + 1), 'unchanged', 'The same again must be unchanged.')
      const expected = {
        ...{ clerkId: 'orginv_1', orgId: 'org_acme', email: 'grace@example.com', role: 'org:member' },
        ...{ status: 'accepted', expiresAt: new Date(anInvitation().expiresAt ?? 0), version: T + 1 },
      }
      const found = await organizations.findInvitation('orginv_1')
      expectFields(found, expected, 'An older state of an invitation overwrote a newer one.')
      expectEqual((await probe.invitations()).length, 1, 'One invitation must be one row.')
      expectEqual(await apply('revoked', T + 2), 'updated', 'A newer state must be reported as updated.')
    },
  },
])
