import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { memoryStore, startInstance, startOffline } from '../../../testing/authority-harness.js'
import type { ClerkEvent } from '../../ground/observe/events.js'
import type { ClerkOptions } from '../../options.js'

/** A member of an organisation, over stores that count what is read of them. */
async function setUp(options: Partial<ClerkOptions> = {}) {
  const offline = await startOffline()
  const stores = memoryStore()
  const reads: string[] = []
  const { users, organizations } = stores
  const { findByClerkId } = users
  const { findMembership, findOrganization } = organizations
  const counted = <T>(name: string, read: T): T => {
    reads.push(name)
    return read
  }
  users.findByClerkId = (id) => counted('user', findByClerkId(id))
  organizations.findMembership = (...of) => counted('membership', findMembership(...of))
  organizations.findOrganization = (id) => counted('organization', findOrganization(id))
  const { clerk, deliver } = startInstance(offline, options, stores)
  const ada = offline.createUser({ emailAddress: ['ada@example.com'] })
  const acme = offline.createOrganization({ name: 'Acme', slug: 'acme' })
  offline.addMember(acme, ada, 'org:admin')
  await deliver()
  reads.length = 0
  const ask = async (organization?: string | null) =>
    clerk.authenticate({
      ...(await offline.authHeader(ada, {
        organization: organization === undefined ? acme.id : organization,
      })),
    })
  return { offline, stores, clerk, deliver, ada, acme, ask, reads }
}

describe("the organisation's row of a request", () => {
  it('stands beside the membership, and neither costs a cached request a read', async () => {
    const { ask, reads, acme, ada } = await setUp()
    const auth = await ask()
    expect(auth).toMatchObject({
      kind: 'user',
      organization: { clerkId: acme.id, name: 'Acme', slug: 'acme' },
      membership: { orgId: acme.id, userId: ada.id, role: 'org:admin' },
    })
    expect([...reads].sort()).toEqual(['membership', 'organization', 'user'])
    for (let time = 0; time < 5; time++) await ask()
    expect(reads).toHaveLength(3)
  })

  it('is read once for all members', async () => {
    const { offline, clerk, deliver, acme, ask, reads } = await setUp()
    await ask()
    const bob = offline.createUser({ emailAddress: ['bob@example.com'] })
    offline.addMember(acme, bob, 'org:member')
    // The event of a membership may bring its organisation.
    await deliver()
    await ask()
    reads.length = 0
    await clerk.authenticate(await offline.authHeader(bob, { organization: acme.id }))
    expect([...reads].sort()).toEqual(['membership', 'user'])
  })

  it('cannot be changed by one request for the next one', async () => {
    const { ask } = await setUp()
    const auth = await ask()
    if (auth.kind !== 'user') throw new Error(auth.kind)
    expect(() => Object.assign(auth.organization as object, { name: 'Mine' })).toThrow(TypeError)
  })

  it('follows its events with the next request', async () => {
    const { offline, deliver, acme, ask } = await setUp()
    await ask()
    offline.updateOrganization(acme, { name: 'Acme & Sons' })
    await deliver()
    expect(await ask()).toMatchObject({ organization: { name: 'Acme & Sons' } })
  })

  it('is null, with the membership, where the request has no organisation', async () => {
    const { ask, reads } = await setUp()
    expect(await ask(null)).toMatchObject({ orgId: null, organization: null, membership: null })
    expect(reads).toEqual(['user'])
  })

  it('is null where the store has none', async () => {
    const { stores, ask } = await setUp()
    stores.organizations.findOrganization = async () => null
    stores.organizations.findMembership = async () => null
    expect(await ask()).toMatchObject({ kind: 'user', organization: null, membership: null })
  })

  it('takes the organisation away when it is deleted, also from a member whose membership never came', async () => {
    const { offline, clerk, stores, deliver, ada, acme } = await setUp()
    stores.organizations.findMembership = async () => null
    const header = await offline.authHeader(ada, { organization: acme.id })
    expect(await clerk.authenticate(header)).toMatchObject({
      ...{ orgId: acme.id, orgRole: 'org:admin', membership: null },
    })
    offline.deleteOrganization(acme)
    await deliver()
    expect(await clerk.authenticate(header)).toMatchObject({ orgId: null, organization: null })
  })

  it('is the same over a connection', async () => {
    const { offline, clerk, deliver, acme, ask } = await setUp()
    const connection = clerk.watch(await ask())
    onTestFinished(() => connection.stop())
    connection.onEnd(() => undefined)
    expect(await connection.current()).toMatchObject({ organization: { name: 'Acme' } })
    expect(JSON.parse(JSON.stringify(connection.auth))).toMatchObject({
      kind: 'user',
      email: 'ada@example.com',
    })
    offline.updateOrganization(acme, { name: 'Acme & Sons' })
    await deliver()
    expect(await connection.current()).toMatchObject({ organization: { name: 'Acme & Sons' } })
  })

  it('is unavailable where the store cannot say', async () => {
    const { stores, ask } = await setUp()
    const { StoreUnavailableError } = await import('../../ground/errors.js')
    stores.organizations.findOrganization = () => Promise.reject(new StoreUnavailableError('down'))
    expect(await ask()).toMatchObject({ kind: 'unavailable', reason: 'store-unavailable' })
  })
})

describe('auth.success', () => {
  it('says whether what was remembered answered', async () => {
    const { offline, clerk, ada, acme } = await setUp()
    const told: boolean[] = []
    clerk.observe((event) => event.name === 'auth.success' && told.push(event.cached))
    const header = await offline.authHeader(ada, { organization: acme.id })
    for (let time = 0; time < 3; time++) await clerk.authenticate(header)
    await clerk.users.forget(ada.id)
    for (let time = 0; time < 2; time++) await clerk.authenticate(header)
    // Another token of the same user has to be verified.
    await clerk.authenticate(await offline.authHeader(ada, { organization: acme.id }))
    expect(told).toEqual([false, true, true, false, true, false])
  })

  it('is otherwise the same with the caches on and off', async () => {
    const off = { tokens: 0, users: 0, userTtlSeconds: 0, organizationTtlSeconds: 0 }
    const { offline, stores, clerk, deliver, ada, acme } = await setUp()
    const cold = startInstance(offline, { cache: off }, stores)
    const session = offline.createSession(ada)
    const headers = [
      await offline.authHeader(ada, { organization: acme.id }),
      await offline.authHeader(ada, { organization: null }),
      { authorization: `Bearer ${await offline.token(session)}` },
      { authorization: 'Bearer x.y.z' },
      {},
    ]
    const heardBy = (instance: typeof clerk) => {
      const heard: ClerkEvent[] = []
      onTestFinished(instance.observe((event) => heard.push(event)))
      return heard
    }
    const [warm, bare] = [heardBy(clerk), heardBy(cold.clerk)]
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.nat(headers.length - 1) },
      { weight: 1, arbitrary: fc.constantFrom('rename' as const, 'forget' as const) },
    )
    const isOfRequest = ({ name }: ClerkEvent) => name.startsWith('auth.')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        warm.length = 0
        bare.length = 0
        for (const [index, one] of steps.entries()) {
          if (one === 'rename') {
            offline.updateOrganization(acme, { name: `Acme ${index}` })
            await deliver()
          } else if (one === 'forget') await clerk.users.forget(ada.id)
          else for (const asked of [clerk, cold.clerk]) await asked.authenticate(headers[one] as object)
        }
        const rest = (events: ClerkEvent[]) =>
          events.filter(isOfRequest).map((event) => ({ ...event, cached: undefined }))
        expect(rest(warm)).toEqual(rest(bare))
        expect(bare.some((event) => event.name === 'auth.success' && event.cached)).toBe(false)
      }),
      { numRuns: 30 },
    )
  })
})
