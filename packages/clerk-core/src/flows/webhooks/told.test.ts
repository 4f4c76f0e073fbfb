import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  eventJson,
  membershipJson,
  organizationJson,
  sessionJson,
  userJson,
} from '../../../testing/clerk-json.js'
import { memoryHarness } from '../../../testing/webhook-harness.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import type { HandlerEvent } from './handlers.js'

const signIn = (at: number, id = `sess_${at}`) =>
  eventJson('session.created', sessionJson(id, 'user_1', { created_at: at, last_active_at: at + 1 }), at)

const times = async ({ stores }: ReturnType<typeof memoryHarness>) => {
  const row = await stores.users.findByClerkId('user_1')
  return row && { in: row.lastSignInAt?.getTime() ?? null, active: row.lastActiveAt?.getTime() ?? null }
}

describe('session.created', () => {
  it('brings the times of the sign-in and nothing else', async () => {
    const harness = memoryHarness()
    await harness.deliver(eventJson('user.created', userJson('user_1')))
    const before = await harness.stores.users.findByClerkId('user_1')
    expect(await harness.deliver(signIn(9_000))).toMatchObject({ status: 200 })
    expect(await harness.stores.users.findByClerkId('user_1')).toEqual({
      ...before,
      lastSignInAt: new Date(9_000),
      lastActiveAt: new Date(9_001),
    })
  })

  it('drops the cached row here, and is in the log for the other processes', async () => {
    const harness = memoryHarness()
    await harness.deliver(eventJson('user.created', userJson('user_1')))
    await harness.users.users.get('user_1')
    await harness.deliver(signIn(9_000))
    expect(await harness.users.users.get('user_1')).toMatchObject({ lastSignInAt: new Date(9_000) })
    expect(harness.changes.at(-1)).toMatchObject({
      type: 'session.created',
      subjects: ['sess_9000', 'user_1'],
    })
  })

  it('makes no row of an unknown user, and revives none that is deleted', async () => {
    const harness = memoryHarness()
    await harness.deliver(signIn(9_000))
    expect(await harness.stores.users.findByClerkId('user_1')).toBeNull()
    await harness.deliver(eventJson('user.deleted', { id: 'user_1', deleted: true }, 5_000))
    await harness.deliver(signIn(10_000))
    expect(await harness.stores.users.findByClerkId('user_1')).toMatchObject({
      deletedAt: new Date(5_000),
      version: 0,
      email: null,
    })
  })

  it('leaves a purged user empty', async () => {
    const harness = memoryHarness()
    await harness.deliver(eventJson('user.created', userJson('user_1')))
    await harness.deliver(eventJson('user.deleted', { id: 'user_1', deleted: true }, 5_000))
    await harness.stores.users.purge(6_000, 6_000 + 8 * 86_400_000)
    await harness.deliver(signIn(9_000))
    expect(await times(harness)).toEqual({ in: null, active: null })
  })

  it('is dated by the event where the session has no times', async () => {
    const harness = memoryHarness()
    await harness.deliver(eventJson('user.created', userJson('user_1')))
    await harness.deliver(eventJson('session.created', { id: 'sess_1', user_id: 'user_1' }, 7_000))
    expect(await times(harness)).toEqual({ in: 7_000, active: 7_000 })
  })

  it('is stored nowhere where the store cannot take it', async () => {
    const { touch: _, ...users } = memoryStore().users
    const stores = { ...memoryStore(), users: users as never }
    const harness = memoryHarness({}, stores)
    expect(await harness.deliver(signIn(9_000))).toMatchObject({ status: 200 })
    expect(await stores.inbox.all()).toEqual([])
    expect(harness.changes).toEqual([])
  })

  it('ends the same in any order, with repetitions, among updates of the user', async () => {
    const update = (version: number, lastSignIn: number) =>
      eventJson(
        'user.updated',
        userJson('user_1', {
          ...{ updated_at: version, first_name: `Name ${version}` },
          ...{ last_sign_in_at: lastSignIn, last_active_at: lastSignIn },
        }),
        version,
      )
    const events = fc.array(
      fc.oneof(
        fc.integer({ min: 1, max: 9 }).map((at) => signIn(at * 1_000)),
        // Of one user a later version never has an earlier sign-in.
        fc.integer({ min: 2, max: 9 }).map((at) => update(at * 1_000, at * 500)),
      ),
      { minLength: 1, maxLength: 8 },
    )
    const end = async (list: readonly object[]) => {
      const harness = memoryHarness()
      await harness.deliver(eventJson('user.created', userJson('user_1')))
      for (const event of list) expect(await harness.deliver(event)).toMatchObject({ status: 200 })
      return harness.stores.users.findByClerkId('user_1')
    }
    await fc.assert(
      fc.asyncProperty(
        events.chain((list) =>
          fc.tuple(
            fc.constant(list),
            fc.shuffledSubarray([...list, ...list], { minLength: 2 * list.length }),
          ),
        ),
        async ([list, shuffled]) => {
          expect(await end(shuffled)).toEqual(await end(list))
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('the organisation in the data of a membership', () => {
  const joined = (organization: object, more: object = {}) =>
    eventJson('organizationMembership.created', {
      ...membershipJson('orgmem_1', 'org_1', 'user_1'),
      ...more,
      organization,
    })

  it('makes the row when it is the first to arrive, and no row of the user', async () => {
    const harness = memoryHarness()
    await harness.deliver(joined(organizationJson('org_1', { name: 'Acme', updated_at: 3_000 })))
    expect(await harness.stores.organizations.findOrganization('org_1')).toMatchObject({
      ...{ name: 'Acme', slug: 'org-1', version: 3_000, deletedAt: null },
    })
    expect(await harness.stores.users.all()).toEqual([])
  })

  it('is dropped from the cache, where the row was known to be missing', async () => {
    const harness = memoryHarness()
    expect(await harness.organizations.organization('org_1')).toBeNull()
    await harness.deliver(joined(organizationJson('org_1', { name: 'Acme' })))
    expect(await harness.organizations.organization('org_1')).toMatchObject({ name: 'Acme' })
  })

  it('loses to a newer row and to a deletion, and keeps what it does not carry', async () => {
    const harness = memoryHarness()
    const newer = organizationJson('org_1', { name: 'New', members_count: 7, updated_at: 5_000 })
    await harness.deliver(eventJson('organization.updated', newer))
    await harness.deliver(joined(organizationJson('org_1', { name: 'Old', updated_at: 4_000 })))
    expect(await harness.stores.organizations.findOrganization('org_1')).toMatchObject({ name: 'New' })
    const { slug: _, ...withoutSlug } = organizationJson('org_1', { name: 'Newer', updated_at: 6_000 })
    await harness.deliver(joined(withoutSlug))
    expect(await harness.stores.organizations.findOrganization('org_1')).toMatchObject({
      ...{ name: 'Newer', slug: 'org-1', membersCount: 7 },
    })
    await harness.deliver(eventJson('organization.deleted', { id: 'org_1', deleted: true }, 7_000))
    await harness.deliver(joined(organizationJson('org_1', { updated_at: 8_000 })))
    expect(await harness.stores.organizations.findOrganization('org_1')).toMatchObject({
      deletedAt: new Date(7_000),
    })
  })

  it.each([
    ['has no name', { name: undefined }],
    ['has no updated_at', { updated_at: undefined }],
    ['has a field that is not what Clerk documents', { slug: 5 }],
  ])('makes no row where it %s, and the membership is stored all the same', async (_, fields) => {
    const harness = memoryHarness()
    const organization = { ...organizationJson('org_1'), ...fields }
    expect(await harness.deliver(joined(organization))).toMatchObject({ status: 200 })
    expect(await harness.stores.organizations.findOrganization('org_1')).toBeNull()
    expect(await harness.stores.organizations.findMembership('org_1', 'user_1')).not.toBeNull()
  })
})

describe('the request that made the change', () => {
  const http_request = { client_ip: '203.0.113.7', user_agent: 'Firefox/140' }

  async function handled(attributes: unknown) {
    const harness = memoryHarness()
    const events: HandlerEvent[] = []
    harness.webhooks.on('*', (event) => events.push(event))
    const event = { ...eventJson('user.created', userJson('user_1')), event_attributes: attributes }
    expect(await harness.deliver(event)).toMatchObject({ status: 200 })
    return { harness, event: events[0] }
  }

  it('is given to handlers, and told to nobody else', async () => {
    const { harness, event } = await handled({ http_request })
    expect(event?.httpRequest).toEqual({ clientIp: '203.0.113.7', userAgent: 'Firefox/140' })
    const told = JSON.stringify([harness.events, harness.changes])
    expect(told).not.toMatch(/203\.0\.113\.7|Firefox/)
  })

  it.each([
    [undefined],
    [null],
    ['text'],
    [{}],
    [{ http_request: null }],
    [{ http_request: [] }],
    [{ http_request: { client_ip: '', user_agent: 5 } }],
  ])('is left out where Clerk sent %j', async (attributes) => {
    const { event } = await handled(attributes)
    expect(event).toBeDefined()
    expect(event && 'httpRequest' in event).toBe(false)
  })

  it('is given in part where a part is known', async () => {
    const { event } = await handled({ http_request: { client_ip: '203.0.113.7' } })
    expect(event?.httpRequest).toEqual({ clientIp: '203.0.113.7', userAgent: null })
  })
})
