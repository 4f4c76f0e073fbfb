import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventJson, userJson, userSnapshot } from '../../../testing/clerk-json.js'
import { type MemoryRigOptions, memoryHarness } from '../../../testing/webhook-harness.js'
import { memoryStore } from '../store/memory/memory-store.js'
import type { MemoryUser } from '../store/memory/memory-users.js'
import type { LinkBy, UserSnapshot } from '../store/user.js'
import { LINK_KEYS, linkCandidate } from './linking.js'

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
    clerkCreatedAt: null,
    lastSignInAt: null,
    lastActiveAt: null,
    isActive: true,
    version: 0,
    deletedAt: null,
    ...fields,
  })
  const snapshot = userSnapshot('user_1', { email: 'ann@example.com' })
  const candidate = (of: UserSnapshot, rows: readonly MemoryUser[], by: LinkBy = 'verified-email') => {
    const key = LINK_KEYS[by](of)
    return key && linkCandidate(key, rows)
  }

  it('has the same address, in any case', () => {
    expect(candidate(snapshot, [row({ email: 'ANN@example.COM' })])).toMatchObject({ id: '1' })
  })

  it.each([
    ['another clerkId', row({ clerkId: 'user_2' })],
    ['been deleted', row({ deletedAt: new Date(0) })],
    ['no address', row({ email: null })],
    ['an address that only a collation takes for the same', row({ email: 'änn@example.com' })],
    ['an address that only LIKE takes for the same', row({ email: 'ann_example.com' })],
    ['an address with a space', row({ email: 'ann@example.com ' })],
  ])('does not have %s', (_, other) => {
    expect(candidate(snapshot, [other])).toBeNull()
    // Nor does such a row stand in the way of the one that may.
    expect(candidate(snapshot, [other, row({ id: '2' })])).toMatchObject({ id: '2' })
  })

  it('is not reached by letters that only Unicode takes for the same: the Kelvin sign is no k', () => {
    const kate = row({ email: 'kate@example.com' })
    expect('\u212Aate@example.com'.toLowerCase()).toBe(kate.email)
    expect(candidate({ ...snapshot, email: '\u212Aate@example.com' }, [kate])).toBeNull()
    expect(candidate({ ...snapshot, email: 'KATE@example.com' }, [kate])).toBe(kate)
  })

  it('is not one of several', () => {
    expect(candidate(snapshot, [row({}), row({ id: '2', email: 'Ann@example.com' })])).toBeNull()
  })

  it('is no row for an address that Clerk has not verified, or that only claims name', () => {
    expect(candidate({ ...snapshot, emailVerified: false }, [row({})])).toBeNull()
    expect(candidate({ ...snapshot, version: 0 }, [row({})])).toBeNull()
    expect(candidate({ ...snapshot, email: null }, [row({ email: null })])).toBeNull()
  })

  it('is no row for an external id that only claims name, or that no database holds', () => {
    const imported = { ...snapshot, externalId: '1' }
    expect(candidate(imported, [row({ email: null })], 'external-id')).toMatchObject({ id: '1' })
    expect(candidate({ ...imported, emailVerified: false }, [row({})], 'external-id')).not.toBeNull()
    expect(candidate({ ...imported, version: 0 }, [row({})], 'external-id')).toBeNull()
    for (const externalId of [null, '', '1\0', '1'.repeat(321), '\ud800'])
      expect(candidate({ ...imported, externalId }, [row({})], 'external-id')).toBeNull()
    for (const other of [row({ clerkId: 'user_2' }), row({ deletedAt: new Date(0) })])
      expect(candidate(imported, [other], 'external-id')).toBeNull()
    expect(candidate(imported, [row({}), row({ id: '2' })], 'external-id')).toBeNull()
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

describe('linking by external id', () => {
  type Harness = ReturnType<typeof harness>
  const byId = (options: MemoryRigOptions = {}, stores = memoryStore()) =>
    harness({ linking: 'external-id', ...options }, stores)
  /** Imported users with a phone number and no address. */
  let phones = 100
  const phoneOnly = () => ({ phoneNumber: [`+15555550${phones++}`] })
  const phoneJson = (id: string, externalId: string) =>
    userJson(id, { external_id: externalId, email_addresses: [], primary_email_address_id: null })
  const paths: readonly [string, (harness: Harness, externalId: string) => Promise<unknown>][] = [
    ['a webhook', ({ deliver }, id) => deliver(eventJson('user.created', phoneJson('user_1', id)))],
    [
      'a first request',
      async ({ users }, externalId) =>
        users.resolve(clerk.createUser({ ...phoneOnly(), externalId }).id, null),
    ],
    [
      'a refresh',
      ({ users }, externalId) => users.users.refresh(clerk.createUser({ ...phoneOnly(), externalId }).id),
    ],
  ]

  it.each(paths)('is tried by %s, for users without an address too, and tells', async (path, come) => {
    const stores = memoryStore({ externalIdColumn: 'legacyId' })
    const local = await stores.users.create({ plan: 'gold', legacyId: `of ${path}` })
    const { named, ...rest } = byId({}, stores)
    await come({ named, ...rest }, `of ${path}`)
    expect(await stores.users.all()).toMatchObject([
      { id: local.id, plan: 'gold', clerkId: expect.stringMatching(/^user_/) },
    ])
    expect(named('user.linked')).toMatchObject([{ by: 'external-id' }])
  })

  it('compares with the id of the row where no column is named, and exactly', async () => {
    const stores = memoryStore()
    await stores.users.create({ plan: 'gold' })
    const { deliver } = byId({}, stores)
    const others = ['01', ' 1', '1 ', '+1', '1.0', '1\u0000', 'abc', '9999999999999999999999', '']
    for (const [index, externalId] of others.entries()) {
      const outcome = await deliver(eventJson('user.created', phoneJson(`user_${index}`, externalId)))
      expect(outcome).toMatchObject({ status: 200 })
    }
    expect((await stores.users.all())[0]).toMatchObject({ clerkId: null, plan: 'gold' })
    await deliver(eventJson('user.created', phoneJson('user_one', '1')))
    expect((await stores.users.all())[0]).toMatchObject({
      clerkId: 'user_one',
      plan: 'gold',
      externalId: '1',
    })
  })

  it.each([
    ['deleted', { deletedAt: new Date(0) }],
    ['switched off', { isActive: false }],
  ])('never takes a row that is %s', async (_, fields) => {
    const stores = memoryStore()
    await stores.users.create({ plan: 'gold', ...fields })
    await byId({}, stores).deliver(eventJson('user.created', phoneJson('user_1', '1')))
    expect(await stores.users.findByClerkId('user_1')).not.toMatchObject({ plan: 'gold' })
  })

  it('never takes the row of another Clerk user, nor one of several', async () => {
    const stores = memoryStore({ externalIdColumn: 'legacyId' })
    for (const legacyId of ['a', 'b', 'b']) await stores.users.create({ legacyId, plan: 'gold' })
    const { deliver } = byId({}, stores)
    for (const [id, externalId] of [
      ['user_1', 'a'],
      ['user_2', 'a'],
      ['user_3', 'b'],
    ] as const)
      await deliver(eventJson('user.created', phoneJson(id, externalId)))
    const plans = await Promise.all(
      ['user_1', 'user_2', 'user_3'].map((id) => stores.users.findByClerkId(id)),
    )
    expect(plans.map((row) => row?.plan)).toEqual(['gold', undefined, undefined])
  })

  it('leaves the last word to canLink, which is told by what', async () => {
    const stores = memoryStore()
    const asked: unknown[] = []
    await stores.users.create(ann)
    const { deliver } = byId(
      {
        linking: ['external-id', 'verified-email'],
        canLink: (row, { clerkId }, by) => {
          asked.push([row.id, clerkId, by])
          return by === 'verified-email'
        },
      },
      stores,
    )
    const json = userJson('user_1', { email: 'ann@example.com', external_id: '1' })
    await deliver(eventJson('user.created', json))
    expect(asked).toEqual([
      ['1', 'user_1', 'external-id'],
      ['1', 'user_1', 'verified-email'],
    ])
    expect(await stores.users.all()).toMatchObject([{ clerkId: 'user_1', plan: 'gold' }])
  })

  it.each([
    [['external-id', 'verified-email'], 'silver'],
    [['verified-email', 'external-id'], 'gold'],
  ] as const)('is tried in the order of the list: %j', async (linking, plan) => {
    const stores = memoryStore({ externalIdColumn: 'legacyId' })
    await stores.users.create(ann)
    await stores.users.create({ legacyId: 7, plan: 'silver' })
    const json = userJson('user_1', { email: 'ann@example.com', external_id: '7' })
    await byId({ linking }, stores).deliver(eventJson('user.created', json))
    expect(await stores.users.findByClerkId('user_1')).toMatchObject({ plan })
  })

  it('does not ask for the row to have proved an address', async () => {
    const stores = memoryStore()
    await stores.users.create({ ...ann, emailVerified: false })
    await byId({}, stores).deliver(eventJson('user.created', phoneJson('user_1', '1')))
    expect(await stores.users.all()).toMatchObject([{ clerkId: 'user_1', plan: 'gold' }])
  })

  it('makes one row for 50 parallel first sign-ins in two processes', async () => {
    const stores = memoryStore({ externalIdColumn: 'legacyId' })
    await stores.users.create({ plan: 'gold', legacyId: 9 })
    const processes = [byId({}, stores), byId({}, stores)]
    const { id } = clerk.createUser({ ...phoneOnly(), externalId: '9' })
    const resolved = await Promise.all(
      Array.from({ length: 50 }, (_, index) => processes[index % 2]?.users.resolve(id, null)),
    )
    expect(new Set(resolved.map((answer) => answer?.kind))).toEqual(new Set(['user']))
    expect(await stores.users.all()).toMatchObject([{ clerkId: id, plan: 'gold' }])
  })
})

describe('a user none of whose addresses is the primary one', () => {
  const addresses = (verified: boolean) =>
    userJson('user_1', { email: 'ann@example.com', verified, primary_email_address_id: null })

  it.each([true, false])('has the first, verified: %s', async (verified) => {
    const { stores, deliver } = harness({ linking: 'off' })
    await deliver(eventJson('user.created', addresses(verified)))
    expect(await stores.users.findByClerkId('user_1')).toMatchObject({
      email: 'ann@example.com',
      emailVerified: verified,
    })
  })

  it('is linked by it only where Clerk has verified it', async () => {
    for (const verified of [true, false]) {
      const { stores, deliver } = harness()
      await stores.users.create(ann)
      await deliver(eventJson('user.created', addresses(verified)))
      expect(await stores.users.all()).toHaveLength(verified ? 1 : 2)
    }
  })
})
