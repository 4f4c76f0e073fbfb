import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventJson, membershipJson, organizationJson } from '../../../testing/clerk-json.js'
import { type MemoryRigOptions, memoryHarness } from '../../../testing/webhook-harness.js'
import { ClerkApiError, StoreUnavailableError } from '../../ground/errors.js'
import { isPromise } from '../../ground/timing/maybe-promise.js'
import type { MemoryMembership } from '../store/memory/memory-organizations.js'
import { memoryStore } from '../store/memory/memory-store.js'

let clerk: OfflineClerk
beforeAll(async () => {
  clerk = await startClerk()
})
afterAll(() => clerk.stop())

function harness(options: MemoryRigOptions = {}) {
  const stores = memoryStore()
  const reads: string[] = []
  const { findMembership } = stores.organizations
  stores.organizations.findMembership = (orgId, userId) => {
    reads.push(`${orgId} ${userId}`)
    return findMembership(orgId, userId)
  }
  return { ...memoryHarness({ apiUrl: clerk.url, secretKey: clerk.secretKey, ...options }, stores), reads }
}

const joined = (role: string, at: number, id = 'orgmem_1') =>
  eventJson(
    `organizationMembership.${at === 1_000 ? 'created' : 'updated'}`,
    membershipJson(id, 'org_1', 'user_1', { role, updated_at: at }),
  )

describe('a membership', () => {
  it('is answered without a promise the second time, also when there is none', async () => {
    const { organizations, deliver, reads } = harness()
    await deliver(joined('org:admin', 1_000))
    expect(await organizations.membership('org_1', 'user_1')).toMatchObject({ role: 'org:admin' })
    expect(await organizations.membership('org_1', 'user_2')).toBeNull()
    expect(isPromise(organizations.membership('org_1', 'user_1'))).toBe(false)
    expect(organizations.membership('org_1', 'user_2')).toBeNull()
    expect(reads).toEqual(['org_1 user_1', 'org_1 user_2'])
  })

  it('cannot be changed by one request for the next one', async () => {
    const { organizations, deliver } = harness()
    await deliver(joined('org:member', 1_000))
    const membership = (await organizations.membership('org_1', 'user_1')) as MemoryMembership
    expect(() => Object.assign(membership, { role: 'org:admin' })).toThrow(TypeError)
    expect(() => (membership.permissions as string[]).push('org:billing:manage')).toThrow(TypeError)
    expect(await organizations.membership('org_1', 'user_1')).toMatchObject({ role: 'org:member' })
  })

  it('changes with the event that brings the change, also where there was none', async () => {
    const { organizations, deliver } = harness()
    expect(await organizations.membership('org_1', 'user_1')).toBeNull()
    await deliver(joined('org:admin', 1_000))
    expect(await organizations.membership('org_1', 'user_1')).toMatchObject({ role: 'org:admin' })
    await deliver(joined('org:member', 2_000))
    expect(await organizations.membership('org_1', 'user_1')).toMatchObject({ role: 'org:member' })
    const removed = membershipJson('orgmem_1', 'org_1', 'user_1')
    await deliver(eventJson('organizationMembership.deleted', removed, 3_000))
    expect((await organizations.membership('org_1', 'user_1'))?.deletedAt).toEqual(new Date(3_000))
  })

  it('ends with its organisation', async () => {
    const { organizations, deliver } = harness()
    await deliver(joined('org:admin', 1_000))
    await organizations.membership('org_1', 'user_1')
    await deliver(eventJson('organization.deleted', { id: 'org_1', deleted: true }, 4_000))
    expect((await organizations.membership('org_1', 'user_1'))?.deletedAt).toEqual(new Date(4_000))
    expect(await organizations.organizations.listMemberships('user_1')).toEqual([])
  })

  it('is read again after organizationTtlSeconds', async () => {
    const { organizations, clock, reads } = harness({ cache: { organizationTtlSeconds: 10 } })
    await organizations.membership('org_1', 'user_1')
    clock.ms += 10_000
    await organizations.membership('org_1', 'user_1')
    expect(reads).toHaveLength(2)
  })

  it('is dropped by itself, with its organisation or with its user, and no other is', async () => {
    const { organizations } = harness()
    const pairs = [
      ['org_1', 'user_1'],
      ['org_1', 'user_2'],
      ['org_2', 'user_1'],
      ['org_11', 'user_11'],
    ] as const
    const fill = () => Promise.all(pairs.map(([org, user]) => organizations.membership(org, user)))
    const dropped = () =>
      pairs
        .filter(([org, user]) => isPromise(organizations.membership(org, user)))
        .map((pair) => pair.join(' '))
    await fill()
    organizations.dropMembership('org_1', 'user_1')
    expect(dropped()).toEqual(['org_1 user_1'])
    await fill()
    organizations.dropOrganization('org_1')
    expect(dropped()).toEqual(['org_1 user_1', 'org_1 user_2'])
    await fill()
    organizations.dropUser('user_1')
    expect(dropped()).toEqual(['org_1 user_1', 'org_2 user_1'])
    await fill()
    organizations.dropAll()
    expect(dropped()).toHaveLength(4)
    await fill()
  })

  it('of an organisation that a header made up is looked up nowhere', async () => {
    const { organizations, reads } = harness()
    for (const orgId of ['org_1 user_9', '{"$ne":null}', '', 'x'.repeat(10_000), 'org_1\n']) {
      expect(organizations.membership(orgId, 'user_1')).toBeNull()
    }
    expect(reads).toEqual([])
  })

  it('is not known while the store is down, which is no answer', async () => {
    const { organizations, stores } = harness()
    stores.organizations.findMembership = () => Promise.reject(new StoreUnavailableError('down'))
    await expect(organizations.membership('org_1', 'user_1')).rejects.toThrow(StoreUnavailableError)
  })
})

describe('clerk.organizations.refresh', () => {
  it('fetches the organisation and its memberships, and the next request sees them', async () => {
    const { organizations } = harness()
    const owner = clerk.createUser({ emailAddress: ['owner@example.com'] })
    const member = clerk.createUser({ emailAddress: ['member@example.com'] })
    const { id } = clerk.createOrganization({ name: 'Acme', createdBy: owner.id })
    clerk.addMember(id, member)
    expect(await organizations.membership(id, member.id)).toBeNull()
    const { organization } = await organizations.organizations.refresh(id)
    expect(organization).toMatchObject({ clerkId: id, name: 'Acme' })
    expect(await organizations.membership(id, owner.id)).toMatchObject({ role: 'org:admin' })
    expect(await organizations.membership(id, member.id)).toMatchObject({ role: 'org:member' })
  })

  it('answers null for what neither side knows', async () => {
    const { organizations, stores } = harness()
    expect((await organizations.organizations.refresh('org_unknown')).organization).toBeNull()
    expect((await stores.organizations.all()).organizations).toEqual([])
  })

  it('deletes nothing while no key set proves whose the secret key is', async () => {
    const { organizations, deliver } = harness({ jwksUrl: 'http://127.0.0.1:9/jwks.json' })
    await deliver(eventJson('organization.created', organizationJson('org_local')))
    const { organization, listings } = await organizations.organizations.refresh('org_local')
    expect(organization).toMatchObject({ deletedAt: null })
    expect(listings.organization).toMatchObject({ left: ['org_local'], leftBecause: 'instance-not-proven' })
  })

  it('does not take a slug for an id', async () => {
    const { organizations, stores } = harness()
    clerk.createOrganization({ name: 'Slug', slug: 'slugged' })
    expect((await organizations.organizations.refresh('slugged')).organization).toBeNull()
    expect((await stores.organizations.all()).organizations).toEqual([])
  })

  it('rejects when Clerk cannot be asked', async () => {
    const { organizations } = harness({ apiUrl: 'http://127.0.0.1:9' })
    await expect(organizations.organizations.refresh('org_1')).rejects.toThrow(ClerkApiError)
  })
})
