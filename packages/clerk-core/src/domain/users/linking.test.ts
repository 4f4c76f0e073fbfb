import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventJson, userJson, userSnapshot } from '../../../testing/clerk-json.js'
import { type MemoryRigOptions, memoryHarness } from '../../../testing/webhook-harness.js'
import { memoryStore } from '../store/memory/memory-store.js'
import type { MemoryUser } from '../store/memory/memory-users.js'
import { linkCandidate } from './linking.js'

let clerk: OfflineClerk
beforeAll(async () => {
  clerk = await startClerk()
})
afterAll(() => clerk.stop())

const harness = (options: MemoryRigOptions = {}, stores = memoryStore()) =>
  memoryHarness(
    { apiUrl: clerk.url, secretKey: clerk.secretKey, linking: 'verified-email', ...options },
    stores,
  )

const ann = { email: 'Ann@Example.com', emailVerified: true, plan: 'gold' }

describe('the one row that may be taken over', () => {
  const row = (fields: Partial<MemoryUser>): MemoryUser => ({
    id: '1',
    clerkId: null,
    email: 'ann@example.com',
    emailVerified: true,
    username: null,
    phone: null,
    firstName: null,
    lastName: null,
    imageUrl: null,
    externalId: null,
    publicMetadata: null,
    privateMetadata: null,
    banned: false,
    deprovisioned: false,
    locked: false,
    createdAt: null,
    lastSignInAt: null,
    lastActiveAt: null,
    isActive: true,
    version: 0,
    deletedAt: null,
    ...fields,
  })
  const snapshot = userSnapshot('user_1', { email: 'ann@example.com' })

  it('has the same address, in any case', () => {
    expect(linkCandidate(snapshot, [row({ email: 'ANN@example.COM' })])).toMatchObject({ id: '1' })
  })

  it.each([
    ['another clerkId', row({ clerkId: 'user_2' })],
    ['been deleted', row({ deletedAt: new Date(0) })],
    ['no address', row({ email: null })],
    ['an address that only a collation takes for the same', row({ email: 'änn@example.com' })],
    ['an address that only LIKE takes for the same', row({ email: 'ann_example.com' })],
    ['an address with a space', row({ email: 'ann@example.com ' })],
  ])('does not have %s', (_, candidate) => {
    expect(linkCandidate(snapshot, [candidate])).toBeNull()
    // Nor does such a row stand in the way of the one that may.
    expect(linkCandidate(snapshot, [candidate, row({ id: '2' })])).toMatchObject({ id: '2' })
  })

  it('is not reached by letters that only Unicode takes for the same: the Kelvin sign is no k', () => {
    const kate = row({ email: 'kate@example.com' })
    expect('\u212Aate@example.com'.toLowerCase()).toBe(kate.email)
    expect(linkCandidate({ ...snapshot, email: '\u212Aate@example.com' }, [kate])).toBeNull()
    expect(linkCandidate({ ...snapshot, email: 'KATE@example.com' }, [kate])).toBe(kate)
  })

  it('is not one of several', () => {
    expect(linkCandidate(snapshot, [row({}), row({ id: '2', email: 'Ann@example.com' })])).toBeNull()
  })

  it('is no row for an address that Clerk has not verified, or that only claims name', () => {
    expect(linkCandidate({ ...snapshot, emailVerified: false }, [row({})])).toBeNull()
    expect(linkCandidate({ ...snapshot, version: 0 }, [row({})])).toBeNull()
    expect(linkCandidate({ ...snapshot, email: null }, [row({ email: null })])).toBeNull()
  })
})

describe('linking', () => {
  type Harness = ReturnType<typeof harness>
  const paths: readonly [
    string,
    (harness: Harness, email: string, verified?: boolean) => Promise<unknown>,
  ][] = [
    [
      'a webhook',
      ({ deliver }, email, verified = true) =>
        deliver(eventJson('user.created', userJson('user_1', { email, verified }))),
    ],
    [
      'a first request',
      async ({ users }, email) => users.resolve(clerk.createUser({ emailAddress: [email] }).id, null),
    ],
    ['a refresh', ({ users }, email) => users.users.refresh(clerk.createUser({ emailAddress: [email] }).id)],
  ]

  it.each(paths)('is tried by %s, keeps the row and its own columns, and tells', async (_, come) => {
    const email = `ann${Math.random()}@example.com`
    const { stores, named, ...rest } = harness()
    const local = await stores.users.create({ ...ann, email: email.toUpperCase() })
    await come({ stores, named, ...rest }, email)
    const rows = await stores.users.all()
    expect(rows).toMatchObject([{ id: local.id, email, plan: 'gold', isActive: true }])
    expect(rows[0]?.clerkId).toMatch(/^user_/)
    expect(named('user.linked')).toHaveLength(1)
    expect(JSON.stringify(named('user.linked'))).not.toContain('@')
  })

  it('is off unless it is asked for', async () => {
    const { stores, deliver } = harness({ linking: 'off' })
    await stores.users.create(ann)
    await deliver(eventJson('user.created', userJson('user_1', { email: 'ann@example.com' })))
    expect(await stores.users.all()).toHaveLength(2)
  })

  it('never follows an address that is unverified at Clerk, an administrator’s above all', async () => {
    const { stores, deliver } = harness({ canLink: () => true })
    await stores.users.create({ ...ann, admin: true })
    await deliver(
      eventJson('user.created', userJson('user_1', { email: 'ann@example.com', verified: false })),
    )
    expect(await stores.users.findByClerkId('user_1')).not.toMatchObject({ admin: true })
  })

  it('never follows a username', async () => {
    const { stores, deliver } = harness({ canLink: () => true })
    await stores.users.create({ username: 'admin', admin: true })
    await deliver(eventJson('user.created', userJson('user_1', { username: 'admin' })))
    expect(await stores.users.findByClerkId('user_1')).not.toMatchObject({ admin: true })
  })

  it('does not hand the victim an account that another person registered with their address', async () => {
    const { stores, deliver } = harness()
    await stores.users.create({ ...ann, emailVerified: false, plantedBy: 'attacker' })
    await deliver(eventJson('user.created', userJson('user_1', { email: 'ann@example.com' })))
    expect(await stores.users.findByClerkId('user_1')).not.toMatchObject({ plantedBy: 'attacker' })
  })

  it.each([
    ['answers false', () => false, 0],
    ['answers something truthy that is not true', () => ({}) as never, 0],
    ['rejects', () => Promise.reject(new Error('ann@example.com')), 1],
    [
      'throws',
      () => {
        throw new Error('ann@example.com')
      },
      1,
    ],
  ])('does not happen when canLink %s; a failure is told', async (_, canLink, told) => {
    const { stores, deliver, named, events } = harness({ canLink })
    await stores.users.create(ann)
    const outcome = await deliver(eventJson('user.created', userJson('user_1', { email: 'ann@example.com' })))
    expect(outcome).toMatchObject({ status: 200 })
    expect(await stores.users.all()).toHaveLength(2)
    expect(named('user.error')).toHaveLength(told)
    expect(JSON.stringify(events)).not.toContain('ann@')
  })

  it('is decided by no outage: while canLink hangs the event stays open, and no second row is made', async () => {
    const hangs = { now: true }
    const { stores, deliver } = harness({
      canLink: () => (hangs.now ? new Promise<never>(() => undefined) : true),
      store: { timeoutSeconds: 0.05 },
    })
    await stores.users.create(ann)
    const event = eventJson('user.created', userJson('user_1', { email: 'ann@example.com' }))
    expect(await deliver(event, { id: 'msg_1' })).toMatchObject({ status: 503 })
    expect(await stores.users.all()).toHaveLength(1)
    hangs.now = false
    expect(await deliver(event, { id: 'msg_1' })).toMatchObject({ status: 200 })
    expect(await stores.users.all()).toHaveLength(1)
  })

  it('gives canLink the row and the snapshot, and may wait for it', async () => {
    const { stores, deliver } = harness({
      canLink: async (row, { clerkId }) => row.plan === 'gold' && clerkId === 'user_1',
    })
    await stores.users.create({ ...ann, emailVerified: false })
    await deliver(eventJson('user.created', userJson('user_1', { email: 'ann@example.com' })))
    expect(await stores.users.all()).toHaveLength(1)
  })

  it('never happens to a user who has a row, even a deleted one', async () => {
    const { stores, deliver } = harness()
    await deliver(eventJson('user.deleted', { id: 'user_1', deleted: true }))
    await stores.users.create(ann)
    await deliver(eventJson('user.updated', userJson('user_1', { email: 'ann@example.com' })))
    expect(await stores.users.findByClerkId('user_1')).toMatchObject({ deletedAt: new Date(1_000) })
    expect(await stores.users.all()).toHaveLength(2)
  })

  it('of two Clerk users who race for one row is won by one, and the other gets a row of their own', async () => {
    const stores = memoryStore()
    await stores.users.create(ann)
    await Promise.all(
      ['user_1', 'user_2'].map((id) =>
        harness({}, stores).deliver(eventJson('user.created', userJson(id, { email: 'ann@example.com' }))),
      ),
    )
    const rows = await stores.users.all()
    expect(rows.map(({ clerkId }) => clerkId).sort()).toEqual(['user_1', 'user_2'])
    expect(rows.filter(({ plan }) => plan === 'gold')).toHaveLength(1)
  })

  it('reads again after losing, and finds what the winner left', async () => {
    const stores = memoryStore()
    await stores.users.create(ann)
    const { link } = stores.users
    stores.users.link = async (id, snapshot) => {
      await link(id, snapshot)
      return null
    }
    const { users } = harness({}, stores)
    const { id } = clerk.createUser({ emailAddress: ['ann@example.com'], firstName: 'Ann' })
    expect(await users.resolve(id, null)).toMatchObject({
      kind: 'user',
      user: { plan: 'gold', firstName: 'Ann' },
    })
    expect(await stores.users.all()).toHaveLength(1)
  })

  it('makes one row for 50 parallel first sign-ins of an existing customer', async () => {
    const { users, stores } = harness()
    await stores.users.create({ ...ann, email: 'customer@example.com' })
    const { id } = clerk.createUser({ emailAddress: ['customer@example.com'] })
    await Promise.all(Array.from({ length: 50 }, () => users.resolve(id, null)))
    expect(await stores.users.all()).toMatchObject([{ clerkId: id, plan: 'gold' }])
  })

  it('does nothing with a store that cannot', async () => {
    const stores = memoryStore()
    Object.assign(stores.users, { findLinkable: undefined, link: undefined })
    await stores.users.create(ann)
    await harness({}, stores).deliver(
      eventJson('user.created', userJson('user_1', { email: 'ann@example.com' })),
    )
    expect(await stores.users.all()).toHaveLength(2)
  })
})
