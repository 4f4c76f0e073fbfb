import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventJson, userJson, userSnapshot } from '../../../testing/clerk-json.js'
import { type MemoryRigOptions, memoryHarness } from '../../../testing/webhook-harness.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import { isPromise } from '../../ground/timing/maybe-promise.js'
import { memoryStore } from '../store/memory/memory-store.js'
import type { SessionClaims } from '../tokens/session-claims.js'

let clerk: OfflineClerk
beforeAll(async () => {
  clerk = await startClerk()
})
afterAll(() => clerk.stop())

const harness = (options: MemoryRigOptions = {}, stores = memoryStore()) =>
  memoryHarness({ apiUrl: clerk.url, secretKey: clerk.secretKey, ...options }, stores)

const claimsOf = (sub: string, more: object = {}): SessionClaims => ({
  iss: 'https://clerk.example.com',
  sub,
  sid: 'sess_1',
  iat: 0,
  nbf: 0,
  exp: 60,
  ...more,
})

const askedFor = (userId: string) =>
  clerk.requests.filter(({ method, path }) => method === 'GET' && path === `/v1/users/${userId}`).length

/** Counts what a store is asked. */
function counted() {
  const stores = memoryStore()
  const reads = { count: 0 }
  const { findByClerkId } = stores.users
  stores.users.findByClerkId = (id) => {
    reads.count++
    return findByClerkId(id)
  }
  return { stores, reads }
}

describe('a user who is in the store', () => {
  it('is answered without a promise and without the store the second time', async () => {
    const { stores, reads } = counted()
    const { users } = harness({}, stores)
    await stores.users.apply(userSnapshot('user_1'))
    const first = users.resolve('user_1', null)
    expect(isPromise(first)).toBe(true)
    const second = users.resolve('user_1', null)
    expect(await first).toMatchObject({ kind: 'user', user: { clerkId: 'user_1' } })
    await second
    expect(reads.count).toBe(1)
    const third = users.resolve('user_1', null)
    expect(third).toMatchObject({ kind: 'user' })
    expect(isPromise(third)).toBe(false)
    expect(reads.count).toBe(1)
  })

  it('is read again after userTtlSeconds, and when the clock was set back', async () => {
    const { stores, reads } = counted()
    const { users, clock } = harness({ cache: { userTtlSeconds: 10 } }, stores)
    await stores.users.apply(userSnapshot('user_1'))
    await users.resolve('user_1', null)
    clock.ms += 9_999
    expect(isPromise(users.resolve('user_1', null))).toBe(false)
    clock.ms += 1
    await users.resolve('user_1', null)
    expect(reads.count).toBe(2)
    clock.ms -= 60_000
    await users.resolve('user_1', null)
    expect(reads.count).toBe(3)
  })

  it('is inactive once deleted or banned, from the event on', async () => {
    const { users, deliver, stores } = harness()
    await deliver(eventJson('user.created', userJson('user_1')))
    expect(await users.resolve('user_1', null)).toMatchObject({ kind: 'user' })
    await deliver(eventJson('user.updated', userJson('user_1', { banned: true, updated_at: 2_000 })))
    expect(await users.resolve('user_1', null)).toEqual({ kind: 'none', reason: 'user-inactive' })
    await deliver(eventJson('user.updated', userJson('user_1', { updated_at: 3_000 })))
    expect(await users.resolve('user_1', null)).toMatchObject({ kind: 'user' })
    await deliver(eventJson('user.deleted', { id: 'user_1', deleted: true }, 4_000))
    expect(await users.resolve('user_1', null)).toEqual({ kind: 'none', reason: 'user-inactive' })
    expect(await users.users.get('user_1')).toMatchObject({ deletedAt: new Date(4_000), isActive: true })
    expect(await stores.users.all()).toHaveLength(1)
  })

  it('is not cached from a read that began before a drop', async () => {
    const stores = memoryStore()
    const { users } = harness({}, stores)
    await stores.users.apply(userSnapshot('user_1', { firstName: 'Old' }))
    const { findByClerkId } = stores.users
    let answer: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      answer = resolve
    })
    let reads = 0
    stores.users.findByClerkId = async (id) => {
      const row = await findByClerkId(id)
      if (reads++ === 0) await held
      return row
    }
    const before = users.resolve('user_1', null)
    await stores.users.apply(userSnapshot('user_1', { firstName: 'New', version: 2_000 }))
    users.drop('user_1')
    // A caller that comes after the drop must not be given the read that began before it.
    expect(await users.resolve('user_1', null)).toMatchObject({ user: { firstName: 'New' } })
    answer()
    expect(await before).toMatchObject({ user: { firstName: 'Old' } })
    expect(users.resolve('user_1', null)).toMatchObject({ user: { firstName: 'New' } })
  })

  it('is shared by the requests, and none of them can change it for the others', async () => {
    const row = { ...(await memoryStore().users.apply(userSnapshot('user_1'))).user, tags: ['staff'] }
    const stores = memoryStore()
    stores.users.findByClerkId = async () => row
    for (const cache of [{}, { users: 0 }]) {
      const { users } = harness({ cache }, stores)
      const found = await users.resolve('user_1', null)
      const shared = (found.kind === 'user' ? found.user : null) as typeof row
      const changes = [
        () => Object.assign(shared, { isActive: false }),
        () => shared.tags.push('admin'),
        () => Object.assign(shared.publicMetadata as object, { admin: true }),
        () => shared.clerkCreatedAt?.setTime(0),
      ]
      for (const change of changes) expect(change).toThrow(TypeError)
      expect(shared).toEqual(row)
      expect(await users.users.get('user_1')).toEqual(row)
    }
    // The store's own object is not ours to freeze.
    row.tags.push('owner')
  })

  it('is unavailable while the store is down, and there again when it is back', async () => {
    const stores = memoryStore()
    const { users } = harness({}, stores)
    await stores.users.apply(userSnapshot('user_1'))
    const { findByClerkId } = stores.users
    stores.users.findByClerkId = () => Promise.reject(new StoreUnavailableError('down'))
    expect(await users.resolve('user_1', null)).toMatchObject({
      kind: 'unavailable',
      reason: 'store-unavailable',
    })
    await expect(users.users.get('user_1')).rejects.toThrow(StoreUnavailableError)
    stores.users.findByClerkId = findByClerkId
    expect(await users.resolve('user_1', null)).toMatchObject({ kind: 'user' })
  })

  it('that a driver lost in its own way is not taken for unknown either', async () => {
    const stores = memoryStore()
    const { users } = harness({}, stores)
    stores.users.findByClerkId = () => Promise.reject(new TypeError('socket is undefined'))
    expect(await users.resolve('user_1', null)).toMatchObject({ kind: 'unavailable' })
  })
})

describe("provisioning 'api'", () => {
  it('makes one row with one call to Clerk for 50 parallel first requests', async () => {
    const { users, stores } = harness()
    const { id } = clerk.createUser({ emailAddress: ['parallel@example.com'] })
    const answers = await Promise.all(Array.from({ length: 50 }, () => users.resolve(id, claimsOf(id))))
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['user']))
    expect(askedFor(id)).toBe(1)
    expect(await stores.users.all()).toMatchObject([{ clerkId: id, email: 'parallel@example.com' }])
  })

  it('makes one row for 50 parallel first requests that reach ten processes', async () => {
    const stores = memoryStore()
    const { id } = clerk.createUser({ emailAddress: ['processes@example.com'] })
    const processes = Array.from({ length: 10 }, () => harness({}, stores))
    const answers = await Promise.all(
      processes.flatMap(({ users }) => Array.from({ length: 5 }, () => users.resolve(id, claimsOf(id)))),
    )
    expect(answers.every(({ kind }) => kind === 'user')).toBe(true)
    expect(await stores.users.all()).toHaveLength(1)
  })

  it('answers user-not-provisioned for a user Clerk does not know, and does not ask again at once', async () => {
    const { users, clock } = harness()
    const unknown = { kind: 'none', reason: 'user-not-provisioned' }
    expect(await users.resolve('user_unknown', null)).toEqual(unknown)
    expect(await Promise.all([1, 2, 3].map(() => users.resolve('user_unknown', null)))).toEqual([
      unknown,
      unknown,
      unknown,
    ])
    expect(askedFor('user_unknown')).toBe(1)
    clock.ms += 1_001
    await users.resolve('user_unknown', null)
    clock.ms += 1_001
    await users.resolve('user_unknown', null)
    expect(askedFor('user_unknown')).toBe(2)
    clock.ms += 1_000
    await users.resolve('user_unknown', null)
    expect(askedFor('user_unknown')).toBe(3)
  })

  it('asks at once for a user whose webhook came meanwhile', async () => {
    const { users, deliver } = harness()
    expect(await users.resolve('user_late', null)).toMatchObject({ kind: 'none' })
    await deliver(eventJson('user.created', userJson('user_late')))
    expect(await users.resolve('user_late', null)).toMatchObject({ kind: 'user' })
  })

  it.each([
    { status: 500 },
    { status: 401 },
    { status: 403 },
    { status: 429, headers: { 'retry-after': '7' } },
    { down: true },
  ])('answers clerk-unavailable while Clerk answers %o, never anonymous, and recovers', async (fault) => {
    await using own = await startClerk()
    const { users, clock } = harness({ apiUrl: own.url, secretKey: own.secretKey })
    const { id } = own.createUser({ emailAddress: ['a@example.com'] })
    own.faults.set('GET /v1/users/:id', fault)
    const answer = await users.resolve(id, null)
    expect(answer).toMatchObject({ kind: 'unavailable', reason: 'clerk-unavailable' })
    const wait = answer.kind === 'unavailable' ? answer.retryAfterSeconds : 0
    expect(wait).toBe('headers' in fault ? 7 : 1)
    own.faults.clear()
    clock.ms += (wait - 1) * 1000
    expect(await users.resolve(id, null)).toMatchObject({ kind: 'unavailable' })
    clock.ms += 1001
    expect(await users.resolve(id, null)).toMatchObject({ kind: 'user' })
  })

  it('asks for nothing that is not an id', async () => {
    const { users } = harness()
    const before = clerk.requests.length
    for (const sub of ['../jwks', 'user_1/ban', 'user_1?limit=1', '.', 'x'.repeat(300)]) {
      expect(await users.resolve(sub, claimsOf(sub))).toMatchObject({ kind: 'none' })
    }
    expect(clerk.requests.length).toBe(before)
  })
})

describe("provisioning 'claims' and 'off'", () => {
  const claimsToUser = (claims: SessionClaims) => ({ email: claims.mail as string, emailVerified: true })

  it('builds the row from verified claims, and what Clerk says replaces it', async () => {
    const { users, deliver, stores } = harness({ provisioning: 'claims', claimsToUser })
    const found = await users.resolve('user_1', claimsOf('user_1', { mail: 'claimed@example.com' }))
    expect(found).toMatchObject({ kind: 'user', user: { email: 'claimed@example.com', version: 0 } })
    await users.resolve('user_1', claimsOf('user_1', { mail: 'other@example.com' }))
    expect(await stores.users.all()).toMatchObject([{ email: 'claimed@example.com' }])
    await deliver(eventJson('user.created', userJson('user_1', { email: 'true@example.com' })))
    expect(await users.resolve('user_1', null)).toMatchObject({ user: { email: 'true@example.com' } })
  })

  it('does not take a request without claims for the last word on one that has them', async () => {
    const { users } = harness({ provisioning: 'claims', claimsToUser })
    const [without, with_] = await Promise.all([
      users.resolve('user_1', null),
      users.resolve('user_1', claimsOf('user_1', { mail: 'a@example.com' })),
    ])
    expect(without).toMatchObject({ kind: 'none', reason: 'user-not-provisioned' })
    expect(with_).toMatchObject({ kind: 'user' })
  })

  it('stores nothing when claimsToUser throws or answers nonsense, and says so', async () => {
    for (const claimsToUser of [
      () => {
        throw new RangeError('secret@example.com')
      },
      () => ({ email: { $ne: null } as never }),
    ]) {
      const { users, stores, named, events } = harness({ provisioning: 'claims', claimsToUser })
      expect(await users.resolve('user_1', claimsOf('user_1'))).toMatchObject({ kind: 'none' })
      expect(await stores.users.all()).toEqual([])
      expect(named('user.error')).toMatchObject([{ step: 'claims-to-user', userId: 'user_1' }])
      expect(JSON.stringify(events)).not.toContain('secret@')
    }
  })

  it("sends no request when it is 'off'", async () => {
    const { users } = harness({ provisioning: 'off' })
    const { id } = clerk.createUser({ emailAddress: ['off@example.com'] })
    expect(await users.resolve(id, claimsOf(id))).toEqual({ kind: 'none', reason: 'user-not-provisioned' })
    expect(askedFor(id)).toBe(0)
  })
})

describe('clerk.users', () => {
  it('refresh fetches, applies and answers the row; a 404 under a key that proves nothing deletes nothing', async () => {
    const { users, stores } = harness({ jwksUrl: 'http://127.0.0.1:9/jwks.json' })
    const { id } = clerk.createUser({ emailAddress: ['refresh@example.com'], firstName: 'Ann' })
    expect((await users.users.refresh(id)).user).toMatchObject({ firstName: 'Ann' })
    await stores.users.apply(userSnapshot('user_local'))
    expect((await users.users.refresh('user_local')).listings.user).toEqual({
      ended: [],
      left: ['user_local'],
      leftBecause: 'instance-not-proven',
    })
    expect(await users.users.get('user_local')).toMatchObject({ isActive: true, deletedAt: null })
  })

  it('that was dropped is read again, with what the application wrote itself', async () => {
    const { users, stores } = harness()
    const { user } = await stores.users.apply(userSnapshot('user_1'))
    await users.users.get('user_1')
    await stores.users.update(user.id, { theme: 'dark' })
    expect(await users.users.get('user_1')).not.toMatchObject({ theme: 'dark' })
    users.drop('user_1')
    expect(await users.users.get('user_1')).toMatchObject({ theme: 'dark' })
  })
})
