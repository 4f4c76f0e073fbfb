import { type OfflineClerk, webhookFixture } from '@acme/clerk-testing'
import { describe, expect, test } from 'vitest'
import { memoryStore, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { memoryHarness } from '../../../testing/webhook-harness.js'
import { roleSnapshotFromClerk } from '../../domain/backend-api/organization-snapshot.js'
import { WebhookDataError } from '../../ground/errors.js'

const MANAGE = 'org:sys_memberships:manage'
const EVERYTHING = { permission: MANAGE }

interface Listed {
  readonly id: string
  readonly key: string
}

async function atClerk(offline: OfflineClerk, method: string, path: string): Promise<{ data: Listed[] }> {
  const response = await fetch(`${offline.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${offline.secretKey}` },
  })
  expect(response.status).toBe(200)
  return (await response.json()) as { data: Listed[] }
}

async function named(offline: OfflineClerk, path: string, key: string): Promise<string> {
  const { data } = await atClerk(offline, 'GET', `${path}?limit=100`)
  return data.find((one) => one.key === key)?.id ?? 'none'
}

/** A permission that the role of administrators loses, or gets back. */
async function change(offline: OfflineClerk, method: 'DELETE' | 'POST'): Promise<void> {
  const role = await named(offline, '/organization_roles', 'org:admin')
  const permission = await named(offline, '/organization_permissions', MANAGE)
  await atClerk(offline, method, `/organization_roles/${role}/permissions/${permission}`)
}

/** Two processes over one store, which have let an administrator do something. */
async function twoProcesses(stores = memoryStore()) {
  const offline = await startOffline()
  const here = startInstance(offline, {}, stores)
  const there = startInstance(offline, {}, stores)
  const user = offline.createUser()
  const { id: orgId } = offline.createOrganization({ name: 'Acme', createdBy: user.id })
  await here.deliver()
  const { id: sessionId } = offline.createSession(user.id, { organization: orgId })
  const token = await offline.token(sessionId, { options: { ttlSeconds: 3_600 } })
  const ways = {
    'by the token': { authorization: `Bearer ${token}` },
    'by the header': { ...(await offline.authHeader(user, { organization: null })), organization: orgId },
  }
  await offline.advance(5_000)
  const may = async () => {
    const answers = []
    for (const { clerk } of [here, there])
      for (const way of Object.values(ways)) {
        const auth = await clerk.authenticate(way)
        answers.push(auth.kind === 'user' && auth.orgRole === 'org:admin' && auth.has(EVERYTHING))
      }
    return answers
  }
  expect(await may()).toEqual([true, true, true, true])
  return { offline, stores, here, there, ways, may }
}

describe('a permission that a role has lost', () => {
  test('is lost by its members at once here and at the next look elsewhere, and comes back likewise', async () => {
    const { offline, here, may } = await twoProcesses()
    await change(offline, 'DELETE')
    await here.deliver()
    expect((await may()).slice(0, 2)).toEqual([false, false])
    await offline.advance(2_001)
    expect(await may()).toEqual([false, false, false, false])

    await change(offline, 'POST')
    await here.deliver()
    await offline.advance(2_001)
    expect(await may()).toEqual([true, true, true, true])
  })

  test('ends an open connection that was for it', async () => {
    const { offline, here, ways } = await twoProcesses()
    const auth = await here.clerk.authenticate(ways['by the token'])
    const ended = new Promise((resolve) => {
      here.clerk.watch(auth, EVERYTHING).onEnd(({ reason }) => resolve(reason))
    })
    await change(offline, 'DELETE')
    await here.deliver()
    expect(await ended).toBe('requirement-failed')
  })

  test('stays in the memberships of a store without roles, whose events are answered 200', async () => {
    const stores = memoryStore()
    const {
      findRole: _f,
      applyRole: _a,
      removeRole: _r,
      listRoles: _l,
      ...organizations
    } = stores.organizations
    const { offline, here, may } = await twoProcesses({ ...stores, organizations } as typeof stores)
    await change(offline, 'DELETE')
    await here.deliver()
    await offline.advance(2_001)
    expect(await may()).toEqual([true, true, true, true])
  })
})

describe('an event about a role', () => {
  test('is applied by version, and its deletion stays', async () => {
    const { deliver: receive, stores, named: recorded } = memoryHarness()
    const [updated, deleted] = [webhookFixture('role.updated'), webhookFixture('role.deleted')]
    const at = (ms: number, fields: object) => ({
      ...updated,
      data: { ...updated.data, ...fields, updated_at: ms },
    })
    const found = () => stores.organizations.findRole('org:accountant')
    await receive(at(20, { name: 'Newer' }))
    await receive(at(10, { name: 'Older', permissions: [] }))
    expect(await found()).toMatchObject({ name: 'Newer', permissions: ['org:invoices:read'], version: 20 })
    expect(recorded('webhook.stale')).toHaveLength(1)
    await receive(deleted)
    await receive(at(30, {}))
    expect(await found()).toMatchObject({ version: 30, deletedAt: expect.any(Date) })
  })

  test.each<[string, object]>([
    ['no id', { id: undefined }],
    ['no key', { key: null }],
    ['no permissions', { permissions: undefined }],
    ['null for permissions', { permissions: null }],
    ['permissions that are not objects', { permissions: ['org:invoices:read'] }],
    ['a permission without key', { permissions: [{ id: 'perm_1' }] }],
  ])('with %s is refused', (_, fields) => {
    const { data } = webhookFixture('role.updated')
    expect(() => roleSnapshotFromClerk({ ...data, ...fields }, { version: 1 })).toThrow(WebhookDataError)
  })

  test('has a key with the prefix that memberships have', () => {
    const { data } = webhookFixture('role.updated')
    const snapshot = roleSnapshotFromClerk({ ...data, key: 'accountant', name: undefined }, { version: 1 })
    expect(snapshot).toMatchObject({ key: 'org:accountant' })
    expect(snapshot).not.toHaveProperty('name', null)
  })
})
