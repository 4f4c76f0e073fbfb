import { casesOf } from '../case.js'
import { expectEqual, expectFields, expectThat, sameId } from '../expect.js'
import { aMembership, anInvitation, anOrganization, aUser, T } from '../samples.js'

const LOST = 'A field that the snapshot does not carry must keep its value.'
const KEPT = 'null must clear a field.'

const ada = {
  ...{ email: 'ada@example.com', emailVerified: true, username: 'ada', phone: '+15555550100' },
  ...{ firstName: 'Ada', lastName: 'Lovelace', imageUrl: 'https://img.clerk.com/ada', externalId: 'crm-1' },
  publicMetadata: { plan: 'free' },
}

export const userAbsenceCases = casesOf('users', [
  {
    id: 'absent-keeps',
    title: 'a field that a snapshot does not carry keeps its value, and the version counts',
    async run({ users, probe }) {
      const { user: before } = await users.apply(aUser({ banned: true, deprovisioned: true }))
      const { user, outcome } = await users.apply({ clerkId: 'user_ada', version: T + 5 })
      const kept = { ...ada, banned: true, deprovisioned: true, version: T + 5 }
      expectFields(user, { ...kept, id: before.id }, LOST)
      expectFields((await probe.users())[0] ?? null, kept, LOST)
      expectEqual(outcome, 'updated', 'A newer version without any field is remembered.')
      const stale = await users.apply(aUser({ version: T + 4, firstName: 'Old' }))
      expectEqual(stale.outcome, 'stale', 'The version of a snapshot without fields was not remembered.')
      await users.apply({ clerkId: 'user_ada', version: T + 6, firstName: 'Augusta', banned: false })
      const found = await users.findByClerkId('user_ada')
      expectFields(found, { ...kept, firstName: 'Augusta', banned: false, version: T + 6 }, LOST)
    },
  },
  {
    id: 'null-clears',
    title: 'null clears a field, and an address that is cleared is not verified',
    async run({ users }) {
      await users.apply(aUser())
      const cleared = { email: null, username: null, phone: null, firstName: null, externalId: null }
      const { user } = await users.apply({ clerkId: 'user_ada', version: T + 1, ...cleared })
      expectFields(user, { ...cleared, emailVerified: false, lastName: 'Lovelace' }, KEPT)
    },
  },
  {
    id: 'absent-in-a-new-row',
    title: 'a new row is empty where its first snapshot carries nothing',
    async run({ users, probe }) {
      const { user, outcome } = await users.apply({ clerkId: 'user_ada', version: T, firstName: 'Ada' })
      const row = {
        ...{
          email: null,
          emailVerified: false,
          username: null,
          phone: null,
          firstName: 'Ada',
          lastName: null,
        },
        ...{ externalId: null, publicMetadata: null, banned: false, deprovisioned: false, isActive: true },
        ...{ version: T, deletedAt: null },
      }
      expectEqual(outcome, 'created', 'A snapshot with few fields makes a row too.')
      expectFields(user, row, 'A new row is not empty where nothing is known.')
      expectFields((await probe.users())[0] ?? null, row, 'The database holds another row.')
    },
  },
  {
    id: 'absent-in-a-deleted-row',
    title: 'what fills a deleted row fills only what it carries',
    async run({ users }) {
      await users.remove('user_ada', T)
      const { user } = await users.apply({ clerkId: 'user_ada', version: T + 1, firstName: 'Ada' })
      expectFields(user, { firstName: 'Ada', lastName: null, deletedAt: new Date(T) }, LOST)
    },
  },
  {
    id: 'absent-in-a-link',
    title: 'a link keeps what the application knows and the snapshot does not carry',
    needs: ['linking'],
    async run({ linking, createLocalUser }) {
      const id = await createLocalUser({ email: 'ada@example.com', emailVerified: true, username: 'ada' })
      const [found] = await linking.findLinkable({ email: 'ada@example.com' })
      const carriedAlone = { email: 'ada@example.com', emailVerified: true, firstName: 'Ada' }
      const row = await linking.link(found?.id, { clerkId: 'user_ada', version: T, ...carriedAlone })
      expectThat(sameId(row?.id, id), 'link refused the row, or made another.')
      expectFields(row, { username: 'ada', firstName: 'Ada', clerkId: 'user_ada' }, LOST)
    },
  },
])

export const organizationAbsenceCases = casesOf('organizations', [
  {
    id: 'absent-keeps',
    title: 'a field that a snapshot of an organisation does not carry keeps its value; null clears',
    async run({ organizations, probe }) {
      await organizations.applyOrganization(anOrganization())
      await organizations.applyOrganization({ clerkId: 'org_acme', name: 'Acme 2', version: T + 1 })
      const kept = { name: 'Acme 2', slug: 'acme', publicMetadata: { tier: 'gold' }, version: T + 1 }
      expectFields(await organizations.findOrganization('org_acme'), kept, LOST)
      expectFields((await probe.organizations())[0] ?? null, { name: 'Acme 2', slug: 'acme' }, LOST)
      await organizations.applyOrganization({
        clerkId: 'org_acme',
        name: 'Acme 2',
        slug: null,
        version: T + 2,
      })
      expectFields(await organizations.findOrganization('org_acme'), { slug: null }, KEPT)
    },
  },
  {
    id: 'membership-absent-keeps',
    title: 'a field that a snapshot of a membership does not carry keeps its value',
    async run({ organizations }) {
      const { permissions: _, publicMetadata: __, ...bare } = aMembership({ version: T + 1 })
      await organizations.applyMembership(aMembership({ publicMetadata: { seat: 1 } }))
      const { membership } = await organizations.applyMembership(bare)
      const kept = { permissions: ['org:billing:read'], publicMetadata: { seat: 1 }, version: T + 1 }
      expectFields(membership, kept, LOST)
      const { membership: created } = await organizations.applyMembership({ ...bare, clerkId: 'orgmem_2' })
      expectFields(
        created,
        { permissions: [], publicMetadata: null },
        'A new row has nothing where nothing is known.',
      )
    },
  },
  {
    id: 'membership-permissions-of-another-role',
    title: 'permissions that a snapshot does not carry do not outlive their role',
    async run({ organizations }) {
      await organizations.applyMembership(
        aMembership({ role: 'org:admin', permissions: ['org:billing:manage'] }),
      )
      const { permissions: _, ...demoted } = aMembership({ role: 'org:member', version: T + 1 })
      const { membership } = await organizations.applyMembership(demoted)
      const fault = 'A demoted member kept the permissions of the old role.'
      expectFields(membership, { role: 'org:member', permissions: [] }, fault)
      expectFields(await organizations.findMembership('org_acme', 'user_ada'), { permissions: [] }, fault)
    },
  },
  {
    id: 'invitation-absent-keeps',
    title: 'a field that a snapshot of an invitation does not carry keeps its value; null clears',
    async run({ organizations }) {
      await organizations.applyInvitation(anInvitation({ publicMetadata: { from: 'ada' } }))
      const { clerkId, orgId, email } = anInvitation()
      const bare = { clerkId, orgId, email, status: 'accepted', version: T + 1 }
      const { invitation } = await organizations.applyInvitation(bare)
      expectFields(
        invitation,
        { role: 'org:member', publicMetadata: { from: 'ada' }, status: 'accepted' },
        LOST,
      )
      expectThat(invitation.expiresAt !== null, LOST)
      const cleared = await organizations.applyInvitation({
        ...bare,
        role: null,
        expiresAt: null,
        version: T + 2,
      })
      expectFields(cleared.invitation, { role: null, expiresAt: null }, KEPT)
    },
  },
  {
    id: 'membership-removed-by-its-id',
    title: 'a membership is found and removed by its id alone',
    async run({ organizations, probe }) {
      const { membership } = await organizations.applyMembership(aMembership())
      const removed = await organizations.removeMembership({ clerkId: 'orgmem_1' }, T + 5)
      const gone = { id: membership.id, orgId: 'org_acme', userId: 'user_ada', deletedAt: new Date(T + 5) }
      expectFields(removed, { ...gone, version: T }, 'A membership is not found by its id alone.')
      expectFields(await organizations.findMembership('org_acme', 'user_ada'), gone, 'It is still there.')
      expectEqual((await probe.memberships()).length, 1, 'The removal by its id made another row.')
    },
  },
  {
    id: 'membership-removed-by-its-id-first',
    title: 'the removal of a membership by its id alone counts when it comes before the membership',
    async run({ organizations }) {
      await organizations.removeMembership({ clerkId: 'orgmem_1' }, T + 5)
      await organizations.applyMembership(aMembership())
      const gone = {
        clerkId: 'orgmem_1',
        createdAt: new Date(T),
        deletedAt: new Date(T + 5),
        role: 'org:member',
      }
      const found = await organizations.findMembership('org_acme', 'user_ada')
      expectFields(found, gone, 'A removal that came first was lost.')
      expectEqual(
        (await organizations.listMemberships({ userId: 'user_ada' })).length,
        0,
        'It is listed as live.',
      )
    },
  },
  {
    id: 'membership-identified-by-a-second-removal',
    title: 'a removal that knows whose membership it was fills the row of one that came with an id alone',
    async run({ organizations, probe }) {
      const { clerkId, orgId, userId, createdAt } = aMembership()
      await organizations.removeMembership({ clerkId }, T + 5)
      const whole = { clerkId, orgId, userId, createdAt }
      const gone = { orgId, userId, createdAt: new Date(createdAt), deletedAt: new Date(T + 5), version: 0 }
      const fault = 'A removed membership keeps empty ids, and nobody finds it.'
      expectFields(await organizations.removeMembership(whole, T + 6), gone, fault)
      expectFields(await organizations.findMembership(orgId, userId), gone, fault)
      const other = { ...whole, orgId: 'org_other', createdAt: T + 9 }
      expectFields(
        await organizations.removeMembership(other, T + 7),
        gone,
        'A membership changed its identity.',
      )
      expectEqual((await probe.memberships()).length, 1, 'A second removal made another row.')
    },
  },
])
