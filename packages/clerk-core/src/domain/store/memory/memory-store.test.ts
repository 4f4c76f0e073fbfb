import { describe, expect, it } from 'vitest'
import { userSnapshot } from '../../../../testing/clerk-json.js'
import { StoreInputError } from '../../../ground/errors.js'
import { memoryStore } from './memory-store.js'

const DAY_MS = 24 * 3600 * 1000

describe('users in memory', () => {
  it('tell created, updated, unchanged and stale apart', async () => {
    const { users } = memoryStore()
    const at = (version: number, firstName: string) =>
      users.apply(userSnapshot('user_1', { version, firstName }))
    expect((await at(1_000, 'A')).outcome).toBe('created')
    expect((await at(1_000, 'A')).outcome).toBe('unchanged')
    expect((await at(1_000, 'B')).outcome).toBe('updated')
    expect((await at(2_000, 'C')).outcome).toBe('updated')
    expect(await at(1_000, 'D')).toMatchObject({ outcome: 'stale', user: { firstName: 'C' } })
  })

  it('are copies: what a caller does to a row or to metadata stays with the caller', async () => {
    const { users } = memoryStore()
    const publicMetadata = { roles: ['reader'] }
    const { user } = await users.apply(userSnapshot('user_1', { publicMetadata }))
    publicMetadata.roles.push('admin')
    ;(user.publicMetadata as { roles: string[] }).roles.push('admin')
    expect(await users.findByClerkId('user_1')).toMatchObject({ publicMetadata: { roles: ['reader'] } })
  })

  it('keep the columns of the application through a sync, a deletion and a purge', async () => {
    const { users } = memoryStore()
    const { user } = await users.apply(userSnapshot('user_1'))
    await users.update(user.id, { plan: 'gold' })
    await users.apply(userSnapshot('user_1', { version: 2_000 }))
    await users.remove('user_1', 3_000)
    await users.purge(4_000, 30 * DAY_MS)
    expect(await users.findByClerkId('user_1')).toMatchObject({ plan: 'gold', email: null, isActive: true })
  })

  it('that were deleted unseen are a row with an id, which a late update fills and leaves deleted', async () => {
    const { users } = memoryStore()
    expect(await users.remove('user_1', 5_000)).toMatchObject({ version: 0, isActive: true, email: null })
    const { user, outcome } = await users.apply(userSnapshot('user_1', { version: 4_000 }))
    expect(outcome).toBe('updated')
    expect(user).toMatchObject({ email: 'user_1@example.com', isActive: true, deletedAt: new Date(5_000) })
    expect(await users.remove('user_1', 6_000)).toMatchObject({ deletedAt: new Date(5_000), version: 4_000 })
    expect(await users.remove('user_1', 4_500)).toMatchObject({ deletedAt: new Date(4_500) })
  })

  it('are filled by claims only while they have nothing but their id', async () => {
    const { users } = memoryStore()
    const claims = (firstName: string) => users.apply(userSnapshot('user_1', { version: 0, firstName }))
    await users.remove('user_1', 1)
    expect((await claims('A')).outcome).toBe('updated')
    expect(await claims('B')).toMatchObject({ outcome: 'unchanged', user: { firstName: 'A' } })
    await users.apply(userSnapshot('user_1', { firstName: 'Clerk' }))
    expect(await claims('C')).toMatchObject({ outcome: 'stale', user: { firstName: 'Clerk' } })
  })

  it('are purged a week after their deletion at the earliest, and outbid by nothing afterwards', async () => {
    const { users } = memoryStore()
    await users.apply(userSnapshot('user_1'))
    await users.remove('user_1', 1_000)
    await users.apply(userSnapshot('user_2'))
    const now = 30 * DAY_MS
    await expect(users.purge(now - 7 * DAY_MS + 1, now)).rejects.toThrow(StoreInputError)
    expect(await users.purge(now - 7 * DAY_MS, now)).toBe(1)
    expect(await users.purge(now - 7 * DAY_MS, now)).toBe(0)
    expect((await users.apply(userSnapshot('user_1', { version: 8e15 }))).outcome).toBe('stale')
    expect(await users.findByClerkId('user_1')).toMatchObject({
      email: null,
      clerkId: 'user_1',
      version: Number.MAX_SAFE_INTEGER,
    })
    expect(await users.findByClerkId('user_2')).toMatchObject({ email: 'user_2@example.com' })
  })

  it('are linked only while the row, its address and the user are free', async () => {
    const { users } = memoryStore()
    const snapshot = userSnapshot('user_1', { email: 'ann@example.com' })
    const ann = () => users.create({ email: 'Ann@example.com', emailVerified: true })
    const taken = await ann()
    expect(await users.link(taken.id, snapshot)).toMatchObject({ id: taken.id, clerkId: 'user_1' })
    const again = await ann()
    expect(await users.link(again.id, snapshot)).toBeNull()
    expect(await users.link(taken.id, { ...snapshot, clerkId: 'user_2' })).toBeNull()
    await users.update(again.id, { email: 'moved@example.com' })
    expect(await users.link(again.id, { ...snapshot, clerkId: 'user_2' })).toBeNull()
    expect(await users.link('999', { ...snapshot, clerkId: 'user_3' })).toBeNull()
  })

  it('are found for linking by their address in any case, alive and without a clerkId', async () => {
    const { users } = memoryStore()
    const { id } = await users.create({ email: 'ANN@Example.com' })
    await users.create({ email: 'ann_example.com' })
    await users.apply(userSnapshot('user_1', { email: 'ann@example.com' }))
    expect((await users.findLinkable({ email: 'ann@example.COM' })).map((row) => row.id)).toEqual([id])
  })
})

describe('a unique column', () => {
  const store = () => memoryStore({ unique: ['email', 'slug'] })
  const email = 'one@example.com'

  it('goes to the higher version, in either order of arrival', async () => {
    for (const order of [
      [1_000, 2_000],
      [2_000, 1_000],
    ]) {
      const { users } = store()
      for (const version of order) await users.apply(userSnapshot(`user_${version}`, { email, version }))
      expect(await users.findByClerkId('user_2000')).toMatchObject({ email, emailVerified: true })
      expect(await users.findByClerkId('user_1000')).toMatchObject({ email: null, emailVerified: false })
    }
  })

  it('is never given up by a row that Clerk does not know', async () => {
    const { users } = store()
    await users.create({ email })
    expect((await users.apply(userSnapshot('user_1', { email }))).user).toMatchObject({ email: null })
    await expect(users.create({ email })).rejects.toThrow(StoreInputError)
  })

  it('is held by no deleted row, and taken by none', async () => {
    const { users } = store()
    await users.apply(userSnapshot('user_1', { email }))
    await users.remove('user_1', 1)
    await users.apply(userSnapshot('user_2', { email }))
    await users.apply(userSnapshot('user_1', { email, version: 9_000 }))
    expect(await users.findByClerkId('user_1')).toMatchObject({ email: null, version: 9_000 })
    expect(await users.findByClerkId('user_2')).toMatchObject({ email })
  })

  it('may be the slug of an organisation too', async () => {
    const { organizations } = store()
    const apply = (clerkId: string, version: number) =>
      organizations.applyOrganization({
        ...{ clerkId, name: clerkId, slug: 'acme', imageUrl: null, publicMetadata: {} },
        ...{ membersCount: null, createdAt: 1, updatedAt: version, version },
      })
    await apply('org_2', 2_000)
    await apply('org_1', 1_000)
    expect((await organizations.findOrganization('org_1'))?.slug).toBeNull()
    expect((await organizations.findOrganization('org_2'))?.slug).toBe('acme')
    await organizations.removeOrganization('org_2', 3_000)
    await apply('org_1', 1_500)
    expect((await organizations.findOrganization('org_1'))?.slug).toBe('acme')
    expect((await organizations.findOrganization('org_2'))?.slug).toBeNull()
  })
})

describe('what is not an id', () => {
  it.each([{ $ne: null }, ['user_1'], 7, null, undefined, '', 'x'.repeat(10_000)])(
    'is refused: %o',
    async (value) => {
      const { users, organizations, inbox } = memoryStore()
      const id = value as string
      const at = 1_000
      const calls = [
        users.findByClerkId(id),
        users.apply(userSnapshot(id)),
        users.remove(id, at),
        users.findLinkable({ email: id }),
        users.link(id, userSnapshot('user_1')),
        organizations.findOrganization(id),
        organizations.removeOrganization(id, at),
        organizations.findMembership('org_1', id),
        organizations.findMembership(id, 'user_1'),
        organizations.removeMembership({ clerkId: id, orgId: 'org_1', userId: 'user_1', createdAt: 1 }, at),
        organizations.listMemberships({ userId: id }),
        organizations.findInvitation(id),
        inbox.claim({ id, type: 't', timestamp: 1, subjects: [], body: '' }, at),
        inbox.find(id),
      ]
      for (const call of calls) await expect(call).rejects.toThrow(StoreInputError)
      expect(await users.all()).toEqual([])
    },
  )

  it('is as little a time or a version', async () => {
    const { users, inbox } = memoryStore()
    for (const at of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, '1', null] as number[]) {
      await expect(users.remove('user_1', at)).rejects.toThrow(StoreInputError)
      await expect(users.apply(userSnapshot('user_1', { version: at }))).rejects.toThrow(StoreInputError)
      await expect(inbox.prune(at)).rejects.toThrow(StoreInputError)
    }
  })

  it('may be __proto__ all the same, in an id and in metadata', async () => {
    const { users } = memoryStore()
    const publicMetadata = JSON.parse('{"__proto__":{"admin":true},"a.b":1,"$set":2}')
    await users.apply(userSnapshot('__proto__', { publicMetadata }))
    const row = await users.findByClerkId('__proto__')
    expect(JSON.stringify(row?.publicMetadata)).toBe('{"__proto__":{"admin":true},"a.b":1,"$set":2}')
    expect(await users.findByClerkId('constructor')).toBeNull()
  })
})

describe('the inbox in memory', () => {
  const event = { id: 'msg_1', type: 'user.created', timestamp: 5, subjects: ['user_1'], body: '{}' }

  it('goes by the clock that it was given, and its lease ends at that very moment', async () => {
    const clock = { ms: 100 }
    const { inbox } = memoryStore({ now: () => clock.ms })
    await inbox.claim(event, 100)
    clock.ms = 199
    expect(await inbox.claim(event, 100)).toEqual({ status: 'busy', retryAfterMs: 1 })
    clock.ms = 200
    expect(await inbox.claim(event, 100)).toMatchObject({ status: 'claimed', attempts: 2 })
    expect(await inbox.append({ ...event, narrows: null, version: null })).toMatchObject({ at: 200 })
    expect(await inbox.find('msg_1')).toMatchObject({ receivedAt: 100, dueAt: 100, leaseUntil: 300 })
  })

  it('does not grow with revocations of the same subject', async () => {
    const { inbox } = memoryStore()
    for (let version = 0; version < 5_000; version++)
      await inbox.append({ id: `msg_${version}`, type: 't', subjects: [], narrows: 'user_1', version })
    const { changes, more } = await inbox.revocations(null, 10_000)
    expect({ changes, more }).toMatchObject({ changes: [{ version: 4_999 }], more: false })
  })
})
