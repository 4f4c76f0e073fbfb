import { type OfflineClerk, signWebhook } from '@acme/clerk-testing'
import { describe, expect, test } from 'vitest'
import { memoryStore, startInstance, startOffline } from '../../../testing/authority-harness.js'
import type { Auth } from '../../domain/auth/auth.js'
import type { MemoryStores } from '../../domain/store/memory/memory-store.js'
import { StoreUnavailableError } from '../../ground/errors.js'

const MANAGE = 'org:sys_memberships:manage'

/** Users and organisations that answer, and throw on every write while the function answered has not been called. */
function breakWrites({ users, organizations }: MemoryStores): () => void {
  const down = () => Promise.reject(new StoreUnavailableError('read-only'))
  const broken = { apply: down, remove: down, link: down }
  const names = ['Organization', 'Membership', 'Invitation', 'Role'].flatMap((name) => [
    `apply${name}`,
    `remove${name}`,
  ])
  const brokenOrganizations = Object.fromEntries(names.map((name) => [name, down]))
  const wholes = [{ ...users }, { ...organizations }]
  Object.assign(users, broken)
  Object.assign(organizations, brokenOrganizations)
  return () => {
    Object.assign(users, wholes[0])
    Object.assign(organizations, wholes[1])
  }
}

/** Two processes over one store, in which an administrator of Acme is signed in, by a token and by the header. */
async function twoProcesses() {
  const offline = await startOffline()
  const stores = memoryStore()
  const [here, there] = [startInstance(offline, {}, stores), startInstance(offline, {}, stores)]
  const owner = offline.createUser()
  const user = offline.createUser()
  const { id: orgId } = offline.createOrganization({ name: 'Acme', createdBy: owner.id })
  offline.addMember(orgId, user.id, 'org:admin')
  await here.deliver()
  const session = offline.createSession(user.id, { organization: orgId })
  const token = await offline.token(session.id, { options: { ttlSeconds: 3_600 } })
  const plain = await offline.authHeader(session, { organization: null, options: { ttlSeconds: 3_600 } })
  const ways = { token: { authorization: `Bearer ${token}` }, header: { ...plain, organization: orgId } }
  await offline.advance(5_000)
  const sent = offline.webhooks.deliveries.length

  /** The events since, delivered to the first process; answers their statuses. */
  async function deliver(from = sent, wanted = /./): Promise<number[]> {
    const statuses: number[] = []
    for (const { id, event } of offline.webhooks.deliveries.slice(from)) {
      if (!wanted.test(event.type)) continue
      const { body, headers } = signWebhook(event, offline.webhookSecret, { id, now: offline.now() })
      const { status } = await here.clerk.receiveWebhook({
        id: headers['svix-id'],
        timestamp: headers['svix-timestamp'],
        signature: headers['svix-signature'],
        body: Buffer.from(body),
      })
      statuses.push(status)
    }
    return statuses
  }

  const say = (auth: Auth): string => {
    if (auth.kind !== 'user') return 'reason' in auth ? auth.reason : auth.kind
    return auth.has({ permission: MANAGE }) ? 'admin' : auth.orgId === null ? 'no organisation' : 'member'
  }
  /** What each process says of each way, once each has looked. */
  async function answers(): Promise<string[]> {
    const said: string[] = []
    await offline.advance(2_001)
    for (const { clerk } of [here, there])
      for (const way of Object.values(ways)) said.push(say((await clerk.authenticate(way)) as Auth))
    return said
  }
  expect(await answers()).toEqual(all('admin'))
  return { offline, stores, here, there, user, session, orgId, ways, deliver, answers, sent, say }
}

type Processes = Awaited<ReturnType<typeof twoProcesses>>
const all = (answer: string) => [answer, answer, answer, answer]

async function changeRole(offline: OfflineClerk, method: 'DELETE' | 'POST'): Promise<void> {
  const call = async (verb: string, path: string) => {
    const headers = { authorization: `Bearer ${offline.secretKey}` }
    return (await (await fetch(`${offline.url}/v1${path}`, { method: verb, headers })).json()) as {
      data: { id: string; key: string }[]
    }
  }
  const named = async (path: string, key: string) =>
    (await call('GET', `${path}?limit=100`)).data.find((one) => one.key === key)?.id
  const role = await named('/organization_roles', 'org:admin')
  const permission = await named('/organization_permissions', MANAGE)
  await call(method, `/organization_roles/${role}/permissions/${permission}`)
}

const USERS = /^user\./

interface Case {
  readonly narrow: (of: Processes) => unknown
  readonly held: string
  /** The events that arrive: with a ban Clerk ends the sessions as well, which would hide what the ban itself does. */
  readonly events?: RegExp
  /** What is true when the row is written; default: the same. */
  readonly written?: string
  /** What makes it good again; none: nothing does. */
  readonly widen?: (of: Processes) => unknown
}

const deprovisioned =
  (value: boolean) =>
  async ({ offline, user }: Processes) => {
    const created = offline.webhooks.deliveries.find(
      ({ event }) => event.type === 'user.created' && (event.data as { id: string }).id === user.id,
    )
    const data = created?.event.data as object
    offline.webhooks.send('user.updated', { ...data, deprovisioned: value, updated_at: offline.now() })
  }

const cases: Readonly<Record<string, Case>> = {
  'a ban': {
    narrow: ({ offline, user }) => offline.banUser(user),
    held: 'user-inactive',
    events: USERS,
    widen: ({ offline, user }) => offline.unbanUser(user),
  },
  'a deprovisioning': {
    narrow: deprovisioned(true),
    held: 'user-inactive',
    widen: deprovisioned(false),
  },
  'a deletion': { narrow: ({ offline, user }) => offline.deleteUser(user), held: 'session-revoked' },
  'an ended session': {
    narrow: ({ offline, session }) => offline.revokeSession(session),
    held: 'session-revoked',
  },
  'a lost membership': {
    narrow: ({ offline, orgId, user }) => offline.removeMember(orgId, user.id),
    held: 'no organisation',
    widen: ({ offline, orgId, user }) => offline.addMember(orgId, user.id, 'org:admin'),
  },
  'a demotion': {
    narrow: ({ offline, orgId, user }) => offline.updateMembership(orgId, user.id, 'org:member'),
    held: 'no organisation',
    written: 'member',
    widen: ({ offline, orgId, user }) => offline.updateMembership(orgId, user.id, 'org:admin'),
  },
  'a role that lost a permission': {
    narrow: ({ offline }) => changeRole(offline, 'DELETE'),
    held: 'no organisation',
    written: 'member',
    widen: ({ offline }) => changeRole(offline, 'POST'),
  },
  'a deleted organisation': {
    narrow: ({ offline, orgId }) => offline.deleteOrganization(orgId),
    held: 'no organisation',
  },
}

describe('what narrows a right, while no row can be written', () => {
  test.each(Object.entries(cases))('%s is refused in both processes, and applied later', async (_, one) => {
    const processes = await twoProcesses()
    const { offline, stores, here, ways, deliver, answers, say, sent } = processes
    const repair = breakWrites(stores)
    await one.narrow(processes)
    const statuses = await deliver(sent, one.events)
    const writes = one.held !== 'session-revoked' || statuses.length > 1 || statuses[0] !== 200
    if (writes) expect(statuses.some((status) => status >= 500)).toBe(true)
    // Here at once, there at its next look.
    for (const way of Object.values(ways))
      expect(say((await here.clerk.authenticate(way)) as Auth)).toBe(one.held)
    expect(await answers()).toEqual(all(one.held))
    // In a process that starts now as well.
    const { clerk } = startInstance(offline, {}, stores)
    for (const way of Object.values(ways)) expect(say((await clerk.authenticate(way)) as Auth)).toBe(one.held)
    const open = (await stores.inbox.all()).filter(({ status }) => status === 'open')
    if (writes) expect(open.length).toBeGreaterThan(0)
    for (const { body, leaseUntil, error } of open) {
      expect(body).not.toBe('')
      expect({ leaseUntil, error }).toEqual({ leaseUntil: null, error: 'StoreUnavailableError' })
    }

    repair()
    expect((await deliver(sent, one.events)).every((status) => status === 200)).toBe(true)
    expect((await stores.inbox.all()).filter(({ status }) => status !== 'done')).toEqual([])
    expect(await answers()).toEqual(all(one.written ?? one.held))
    if (one.widen === undefined) return
    const from = offline.webhooks.deliveries.length
    await one.widen(processes)
    expect((await deliver(from)).every((status) => status === 200)).toBe(true)
    const widened = await answers()
    expect(widened).toEqual(all('admin'))
  })

  test('is refused in this process even if the log cannot be written either', async () => {
    const { offline, stores, here, there, user, ways, deliver, say, sent } = await twoProcesses()
    const repair = breakWrites(stores)
    const { append } = stores.inbox
    stores.inbox.append = () => Promise.reject(new StoreUnavailableError('down'))
    offline.banUser(user)
    expect(await deliver(sent, USERS)).toContain(503)
    expect(say((await here.clerk.authenticate(ways.token)) as Auth)).toBe('user-inactive')
    expect(say((await there.clerk.authenticate(ways.token)) as Auth)).toBe('admin')
    stores.inbox.append = append
    repair()
    expect((await deliver(sent, USERS)).every((status) => status === 200)).toBe(true)
    await offline.advance(2_001)
    expect(say((await there.clerk.authenticate(ways.token)) as Auth)).toBe('user-inactive')
  })

  test('closes what is open, in both processes', async () => {
    const { offline, stores, here, there, user, ways, deliver, sent } = await twoProcesses()
    breakWrites(stores)
    const ends = await Promise.all(
      [here, there]
        .map(async ({ clerk }) => {
          const auth = await clerk.authenticate(ways.token)
          return new Promise<string>((resolve) => {
            clerk.watch(auth).onEnd(({ reason }) => resolve(reason))
          })
        })
        .map((end) => ({ end })),
    )
    offline.banUser(user)
    expect(await deliver(sent, USERS)).toContain(503)
    await offline.advance(2_001)
    expect(await Promise.all(ends.map(({ end }) => end))).toEqual(['user-inactive', 'user-inactive'])
  })
})

describe('an erasure', () => {
  test('drops the bodies of what came before, whatever its type, and keeps its own until it is done', async () => {
    const { offline, stores, here, user, deliver } = await twoProcesses()
    let works = false
    here.clerk.on('*', () => {
      if (!works) throw new Error('down')
    })
    offline.updateUser(user, { firstName: 'Grace' })
    offline.createSession(user)
    expect(new Set(await deliver())).toEqual(new Set([500]))
    offline.deleteUser(user)
    await deliver()
    const about = async () =>
      (await stores.inbox.all())
        .filter(({ subjects, status }) => subjects.includes(user.id) && status !== 'done')
        .map(({ type, status, reason, body }) => ({ type, status, reason, kept: body !== '' }))
    const events = await about()
    expect(events).toContainEqual({ type: 'user.deleted', status: 'open', reason: null, kept: true })
    for (const event of events.filter(({ type }) => type === 'user.updated' || type === 'session.created'))
      expect(event).toMatchObject({ status: 'discarded', reason: 'subject-erased', kept: false })
    works = true
    expect((await deliver()).every((status) => status === 200)).toBe(true)
    expect((await stores.inbox.all()).filter(({ body }) => body !== '')).toEqual([])
  })
})
