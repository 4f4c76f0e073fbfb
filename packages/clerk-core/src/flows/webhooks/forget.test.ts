import { describe, expect, test } from 'vitest'
import { memoryStore, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { memoryHarness } from '../../../testing/webhook-harness.js'
import type { MemoryStores } from '../../domain/store/memory/memory-store.js'
import { StoreInputError, StoreUnavailableError } from '../../ground/errors.js'

const outage = () => Promise.reject(new StoreUnavailableError('down'))

/** Two processes over one store, both of which have the user's row and membership in their caches. */
async function twoProcesses() {
  const offline = await startOffline()
  const stores = memoryStore()
  const here = startInstance(offline, {}, stores)
  const there = startInstance(offline, {}, stores)
  const { id } = offline.createUser()
  const { id: orgId } = offline.createOrganization({ name: 'Acme', createdBy: id })
  await here.deliver()
  const credentials = { ...(await offline.authHeader(id, { organization: null })), organization: orgId }
  for (const { clerk } of [here, there])
    expect(await clerk.authenticate(credentials)).toMatchObject({ kind: 'user', orgRole: 'org:admin' })
  return { offline, stores, here: here.clerk, there: there.clerk, id, orgId, credentials }
}

async function switchOff({ users }: MemoryStores, clerkId: string): Promise<void> {
  const row = await users.findByClerkId(clerkId)
  await users.update(row?.id ?? '', { isActive: false })
}

const INACTIVE = { kind: 'anonymous', reason: 'user-inactive' }

describe('a row that the application changed itself', () => {
  test('is read again at once here, and by every other process at its next look', async () => {
    const { offline, stores, here, there, id, credentials } = await twoProcesses()
    await switchOff(stores, id)
    expect(await here.authenticate(credentials)).toMatchObject({ kind: 'user' })
    await here.users.forget(id)
    expect(await here.authenticate(credentials)).toMatchObject(INACTIVE)
    await offline.advance(2_001)
    expect(await there.authenticate(credentials)).toMatchObject(INACTIVE)
  })

  test('ends the open connections of the user', async () => {
    const { stores, here, id, credentials } = await twoProcesses()
    const auth = await here.authenticate(credentials)
    const ended = new Promise((resolve) => here.watch(auth).onEnd(({ reason }) => resolve(reason)))
    await switchOff(stores, id)
    await here.users.forget(id)
    expect(await ended).toBe('user-inactive')
  })

  test('is a membership as well', async () => {
    const { offline, stores, here, there, orgId, credentials } = await twoProcesses()
    const [membership] = await stores.organizations.listMemberships({ orgId })
    if (membership === undefined) throw new Error('There is no membership.')
    const { clerkId, userId, createdAt } = membership
    await stores.organizations.removeMembership({ clerkId, orgId, userId, createdAt: +createdAt }, 1)
    await here.organizations.forget(orgId)
    const lost = { kind: 'user', orgId: null, organizationMismatch: true }
    expect(await here.authenticate(credentials)).toMatchObject(lost)
    await offline.advance(2_001)
    expect(await there.authenticate(credentials)).toMatchObject(lost)
  })

  test('is refused here at least where the inbox cannot be reached, and the caller hears of it', async () => {
    const { stores, here, id, credentials } = await twoProcesses()
    await switchOff(stores, id)
    const { append } = stores.inbox
    stores.inbox.append = outage
    await expect(here.users.forget(id)).rejects.toThrow(StoreUnavailableError)
    expect(await here.authenticate(credentials)).toMatchObject(INACTIVE)
    stores.inbox.append = append
    await here.users.forget(id)
  })

  test('is told anew each time, also within one millisecond', async () => {
    const { stores, here, id } = await twoProcesses()
    await Promise.all([here.users.forget(id), here.users.forget(id)])
    const told = (await stores.inbox.log()).filter(({ type }) => type === 'user.forgotten')
    expect(told).toMatchObject([{ subjects: [id] }, { subjects: [id] }])
    expect(new Set(told.map((change) => change.id)).size).toBe(2)
  })

  test('reaches no handler, and is no event that is tried again', async () => {
    const { webhooks, stores, changes } = memoryHarness()
    const seen: string[] = []
    webhooks.on('*', ({ type }) => void seen.push(type))
    await webhooks.tell('user.forgotten', 'user_1')
    expect(await stores.inbox.all()).toEqual([])
    expect(changes).toMatchObject([{ subjects: ['user_1'], narrows: null }])
    expect(seen).toEqual([])
  })

  test('is what a refresh leaves behind as well: the other processes read it again', async () => {
    const { offline, stores, here, there, id, credentials } = await twoProcesses()
    const before = (await stores.inbox.log()).length
    offline.banUser(id)
    // The webhook is not delivered; somebody refreshes by hand.
    await here.users.refresh(id)
    expect((await stores.inbox.log()).slice(before)).toMatchObject([
      { type: 'user.forgotten', subjects: [id], narrows: id },
      { type: 'user.forgotten', subjects: [id], narrows: null },
    ])
    expect(await here.authenticate(credentials)).toMatchObject(INACTIVE)
    await offline.advance(2_001)
    expect(await there.authenticate(credentials)).toMatchObject(INACTIVE)
  })

  test('counts everywhere where a refresh brings a ban and the row cannot be written', async () => {
    const { offline, stores, here, there, id, credentials } = await twoProcesses()
    offline.banUser(id)
    stores.users.apply = outage
    await expect(here.users.refresh(id)).rejects.toThrow(StoreUnavailableError)
    expect(await here.authenticate(credentials)).toMatchObject(INACTIVE)
    await offline.advance(2_001)
    expect(await there.authenticate(credentials)).toMatchObject(INACTIVE)
  })

  test.each<[string, unknown]>([
    ['a number', 42],
    ['an object', { $ne: null }],
    ['nothing', undefined],
    ['an empty text', ''],
  ])('is not named by %s', async (_, id) => {
    const { clerk } = startInstance(await startOffline())
    await expect(clerk.users.forget(id as string)).rejects.toThrow(StoreInputError)
    await expect(clerk.organizations.forget(id as string)).rejects.toThrow(StoreInputError)
  })
})
