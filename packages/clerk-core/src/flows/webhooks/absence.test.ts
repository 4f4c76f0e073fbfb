import { describe, expect, it } from 'vitest'
import {
  eventJson,
  invitationJson,
  membershipJson,
  organizationJson,
  userJson,
} from '../../../testing/clerk-json.js'
import { memoryHarness } from '../../../testing/webhook-harness.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'

/** The data without some of its fields. */
const without = (data: object, ...fields: string[]): object =>
  Object.fromEntries(Object.entries(data).filter(([field]) => !fields.includes(field)))

describe('absent is not empty', () => {
  const ada = userJson('user_1', {
    ...{ email: 'ada@example.com', username: 'ada', first_name: 'Ada', last_name: 'Lovelace' },
    ...{ external_id: 'crm-1', public_metadata: { plan: 'pro' }, banned: true, deprovisioned: true },
    ...{ phone_numbers: [{ id: 'idn_2', phone_number: '+1555', verification: null }] },
    primary_phone_number_id: 'idn_2',
  })
  const stored = {
    ...{ email: 'ada@example.com', emailVerified: true, username: 'ada', phone: '+1555', firstName: 'Ada' },
    ...{ lastName: 'Lovelace', externalId: 'crm-1', publicMetadata: { plan: 'pro' } },
    ...{ banned: true, deprovisioned: true },
  }
  const later = { ...ada, updated_at: 2_000 }

  async function afterUpdate(data: object) {
    const harness = memoryHarness()
    await harness.deliver(eventJson('user.created', ada))
    const { status } = await harness.deliver(eventJson('user.updated', data, 2_000))
    return { status, row: await harness.stores.users.findByClerkId('user_1') }
  }

  it.each(Object.keys(ada).filter((field) => field !== 'id'))(
    'keeps what was stored of a user where %s is missing',
    async (field) => {
      expect(await afterUpdate(without(later, field))).toMatchObject({
        status: 200,
        row: { ...stored, version: 2_000 },
      })
    },
  )

  it('keeps everything where there is an id and nothing else', async () => {
    expect(await afterUpdate({ id: 'user_1' })).toMatchObject({
      status: 200,
      row: { ...stored, version: 2_000 },
    })
  })

  it.each([
    ['email_addresses', { email: null, emailVerified: false, phone: '+1555' }],
    ['phone_numbers', { phone: null, email: 'ada@example.com' }],
    ['primary_phone_number_id', { phone: null }],
    ['username', { username: null }],
    ['first_name', { firstName: null, lastName: 'Lovelace' }],
    ['last_name', { lastName: null }],
    ['external_id', { externalId: null }],
    ['public_metadata', { publicMetadata: {} }],
    ['banned', { banned: false, deprovisioned: true }],
    ['deprovisioned', { banned: true, deprovisioned: false }],
  ])('null clears: %s', async (field, cleared) => {
    expect(await afterUpdate({ ...later, [field]: null })).toMatchObject({ status: 200, row: cleared })
  })

  it('is the same for private metadata, where it is asked for', async () => {
    const { deliver, stores } = memoryHarness({ privateMetadata: true })
    await deliver(eventJson('user.created', userJson('user_1', { private_metadata: { note: 1 } })))
    await deliver(eventJson('user.updated', without(later, 'private_metadata')))
    expect(await stores.users.findByClerkId('user_1')).toMatchObject({ privateMetadata: { note: 1 } })
  })

  it('does not link by an address that the data does not carry, or that no database holds', async () => {
    const stores = memoryStore()
    const { deliver } = memoryHarness({ linking: 'verified-email' }, stores)
    await stores.users.create({ email: 'ada@example.com', emailVerified: true })
    const bare = without(userJson('user_1', { email: 'ada@example.com' }), 'primary_email_address_id')
    expect(await deliver(eventJson('user.created', bare))).toMatchObject({ status: 200 })
    const nul = userJson('user_2', { email: 'ada@example.com\0' })
    expect(await deliver(eventJson('user.created', nul))).toMatchObject({ status: 200 })
    expect((await stores.users.all()).map(({ clerkId }) => clerkId)).toEqual([null, 'user_1', 'user_2'])
  })

  it('is the same for organisations', async () => {
    const { deliver, stores } = memoryHarness()
    const acme = organizationJson('org_1', { public_metadata: { tier: 'gold' }, members_count: 3 })
    await deliver(eventJson('organization.created', acme))
    const renamed = { id: 'org_1', name: 'Acme 2', updated_at: 2_000 }
    await deliver(eventJson('organization.updated', renamed, 2_000))
    const kept = { slug: 'org-1', publicMetadata: { tier: 'gold' }, membersCount: 3 }
    expect(await stores.organizations.findOrganization('org_1')).toMatchObject({ name: 'Acme 2', ...kept })
    await deliver(eventJson('organization.updated', { ...renamed, slug: null, updated_at: 3_000 }, 3_000))
    expect(await stores.organizations.findOrganization('org_1')).toMatchObject({ slug: null })
  })

  it('is the same for memberships, whose permissions are those of their role', async () => {
    const { deliver, stores } = memoryHarness()
    const admin = membershipJson('orgmem_1', 'org_1', 'user_1', {
      ...{ role: 'org:admin', permissions: ['org:a:b'], public_metadata: { seat: 1 } },
    })
    await deliver(eventJson('organizationMembership.created', admin))
    const bare = without({ ...admin, updated_at: 2_000 }, 'permissions', 'public_metadata')
    await deliver(eventJson('organizationMembership.updated', bare))
    const find = () => stores.organizations.findMembership('org_1', 'user_1')
    expect(await find()).toMatchObject({
      permissions: ['org:a:b'],
      publicMetadata: { seat: 1 },
      version: 2_000,
    })
    await deliver(
      eventJson('organizationMembership.updated', { ...bare, role: 'org:member', updated_at: 3_000 }),
    )
    expect(await find()).toMatchObject({ role: 'org:member', permissions: [], publicMetadata: { seat: 1 } })
  })

  it('is the same for invitations', async () => {
    const { deliver, stores } = memoryHarness()
    const invitation = invitationJson('orginv_1', 'org_1', { expires_at: 9_000, public_metadata: { a: 1 } })
    await deliver(eventJson('organizationInvitation.created', invitation))
    const bare = without({ ...invitation, updated_at: 2_000 }, 'role', 'public_metadata', 'expires_at')
    await deliver(eventJson('organizationInvitation.accepted', { ...bare, status: 'accepted' }))
    const kept = { role: 'org:member', publicMetadata: { a: 1 }, expiresAt: new Date(9_000) }
    expect(await stores.organizations.findInvitation('orginv_1')).toMatchObject({
      status: 'accepted',
      ...kept,
    })
  })

  it.each<[type: string, data: object, field: string]>([
    ['user.updated', userJson('user_1'), 'id'],
    ['organization.updated', organizationJson('org_1'), 'id'],
    ['organization.updated', organizationJson('org_1'), 'name'],
    ['organizationMembership.updated', membershipJson('orgmem_1', 'org_1', 'user_1'), 'role'],
    ['organizationMembership.updated', membershipJson('orgmem_1', 'org_1', 'user_1'), 'organization'],
    ['organizationMembership.updated', membershipJson('orgmem_1', 'org_1', 'user_1'), 'public_user_data'],
    ['organizationMembership.updated', membershipJson('orgmem_1', 'org_1', 'user_1'), 'created_at'],
    ['organizationMembership.deleted', membershipJson('orgmem_1', 'org_1', 'user_1'), 'id'],
    ['organizationInvitation.created', invitationJson('orginv_1', 'org_1'), 'organization_id'],
    ['organizationInvitation.created', invitationJson('orginv_1', 'org_1'), 'email_address'],
    ['organizationInvitation.created', invitationJson('orginv_1', 'org_1'), 'status'],
  ])('%s without what its type requires is 400: %3$s', async (type, data, field) => {
    const { deliver } = memoryHarness()
    for (const broken of [without(data, field), { ...data, [field]: null }])
      expect(await deliver(eventJson(type, broken))).toMatchObject({ status: 400 })
  })

  it('is 400 for an id that no database holds, not an error for ever', async () => {
    const { deliver } = memoryHarness()
    for (const id of ['user_\0', 'user_\ud800'])
      expect(await deliver(eventJson('user.created', { ...ada, id }))).toMatchObject({ status: 400 })
  })
})

describe('organizationMembership.deleted with nothing but its id', () => {
  it('ends the membership that is known, in the cache too, and is told to every process', async () => {
    const { deliver, organizations, stores, changes } = memoryHarness()
    await deliver(eventJson('organizationMembership.created', membershipJson('orgmem_1', 'org_1', 'user_1')))
    expect(await organizations.membership('org_1', 'user_1')).toMatchObject({ deletedAt: null })
    const outcome = await deliver(
      eventJson('organizationMembership.deleted', { id: 'orgmem_1', deleted: true }, 5_000),
    )
    expect(outcome).toMatchObject({ status: 200 })
    expect(await organizations.membership('org_1', 'user_1')).toMatchObject({ deletedAt: new Date(5_000) })
    expect(await stores.organizations.listMemberships({ userId: 'user_1' })).toEqual([])
    expect(changes.at(-1)).toMatchObject({ subjects: ['orgmem_1'] })
  })

  it('ends the membership that is not known yet', async () => {
    const { deliver, organizations } = memoryHarness()
    await deliver(eventJson('organizationMembership.deleted', { id: 'orgmem_1', deleted: true }, 5_000))
    await deliver(eventJson('organizationMembership.created', membershipJson('orgmem_1', 'org_1', 'user_1')))
    expect(await organizations.membership('org_1', 'user_1')).toMatchObject({ deletedAt: new Date(5_000) })
  })
})
