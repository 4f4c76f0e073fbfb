import { describe, expect, test } from 'vitest'
import { memoryStore, startInstance, startOffline } from '../../../testing/authority-harness.js'
import type { Auth } from '../../domain/auth/auth.js'
import type { MemoryStores } from '../../domain/store/memory/memory-store.js'
import { StoreUnavailableError } from '../../ground/errors.js'

const MANAGE = 'org:sys_memberships:manage'

/** Two processes over one store, in which an administrator of Acme is signed in by a token and by the header. */
async function twoProcesses() {
  const offline = await startOffline()
  const stores = memoryStore()
  const [here, there] = [startInstance(offline, {}, stores), startInstance(offline, {}, stores)]
  const owner = offline.createUser()
  const user = offline.createUser()
  const { id: orgId } = offline.createOrganization({ name: 'Acme', createdBy: owner.id })
  offline.addMember(orgId, user.id, 'org:admin')
  await here.deliver()
  await here.clerk.organizations.refreshRoles()
  const session = offline.createSession(user.id, { organization: orgId })
  const token = await offline.token(session.id, { options: { ttlSeconds: 3_600 } })
  const plain = await offline.authHeader(session, { organization: null, options: { ttlSeconds: 3_600 } })
  const ways = [{ authorization: `Bearer ${token}` }, { ...plain, organization: orgId }]
  await offline.advance(5_000)

  const say = (auth: Auth): string => {
    if (auth.kind !== 'user') return 'reason' in auth ? auth.reason : auth.kind
    return auth.has({ permission: MANAGE }) ? 'admin' : auth.orgId === null ? 'no organisation' : 'member'
  }
  /** What each process says of each way; the other one once it has looked. */
  async function answers(): Promise<string[]> {
    const said: string[] = []
    for (const [index, { clerk }] of [here, there].entries()) {
      if (index === 1) await offline.advance(2_001)
      for (const way of ways) said.push(say((await clerk.authenticate(way)) as Auth))
    }
    return said
  }
  expect(await answers()).toEqual(all('admin'))
  return { offline, stores, clerk: here.clerk, user, owner, orgId, answers }
}

type Processes = Awaited<ReturnType<typeof twoProcesses>>
const all = (answer: string) => [answer, answer, answer, answer]

async function dropPermission({ offline }: Processes): Promise<void> {
  const call = async (method: string, path: string) => {
    const headers = { authorization: `Bearer ${offline.secretKey}` }
    const response = await fetch(`${offline.url}/v1${path}`, { method, headers })
    return (await response.json()) as { data: { id: string; key: string }[] }
  }
  const named = async (kind: 'roles' | 'permissions', key: string) =>
    (await call('GET', `/organization_${kind}?limit=100`)).data.find((one) => one.key === key)?.id
  const [role, permission] = [await named('roles', 'org:admin'), await named('permissions', MANAGE)]
  await call('DELETE', `/organization_roles/${role}/permissions/${permission}`)
}

interface Case {
  readonly change: (of: Processes) => unknown
  readonly breaks: (stores: MemoryStores) => object
  readonly write: string
  readonly refresh: (of: Processes) => Promise<unknown>
  readonly held: string
  /** When the row is written; default: the same. */
  readonly written?: string
}

const ofOrganizations = ({ organizations }: MemoryStores) => organizations
const ofUsers = ({ users }: MemoryStores) => users
const refreshUser = ({ clerk, user }: Processes) => clerk.users.refresh(user.id)
const refreshOrganization = ({ clerk, orgId }: Processes) => clerk.organizations.refresh(orgId)

const cases: Readonly<Record<string, Case>> = {
  'a deleted user': {
    change: ({ offline, user }) => offline.deleteUser(user),
    breaks: ofUsers,
    write: 'remove',
    refresh: refreshUser,
    held: 'session-revoked',
  },
  'a banned user': {
    change: ({ offline, user }) => offline.banUser(user),
    breaks: ofUsers,
    write: 'apply',
    refresh: refreshUser,
    held: 'user-inactive',
  },
  'a deleted organisation': {
    change: ({ offline, orgId }) => offline.deleteOrganization(orgId),
    breaks: ofOrganizations,
    write: 'removeOrganization',
    refresh: refreshOrganization,
    held: 'no organisation',
  },
  'a lost membership': {
    change: ({ offline, orgId, user }) => offline.removeMember(orgId, user.id),
    breaks: ofOrganizations,
    write: 'removeMembership',
    refresh: refreshOrganization,
    held: 'no organisation',
  },
  'a demotion': {
    change: ({ offline, orgId, user }) => offline.updateMembership(orgId, user.id, 'org:member'),
    breaks: ofOrganizations,
    write: 'applyMembership',
    refresh: refreshOrganization,
    held: 'no organisation',
    written: 'member',
  },
  'a role that lost a permission': {
    change: dropPermission,
    breaks: ofOrganizations,
    write: 'applyRole',
    refresh: ({ clerk }) => clerk.organizations.refreshRoles(),
    held: 'no organisation',
    written: 'member',
  },
}

describe('what a refresh finds to be lost', () => {
  test.each(Object.entries(cases))(
    '%s is refused in both processes while the row cannot be written, and as the row says after that',
    async (_, { change, breaks, write, refresh, held, written = held }) => {
      const processes = await twoProcesses()
      const { stores, user, answers } = processes
      await change(processes)
      const store = breaks(stores) as Record<string, (written: object) => Promise<unknown>>
      const whole = store[write] as (written: object) => Promise<unknown>
      // Rows of others are written: what the user lost has to be found among them.
      const isOfAnother = (row: object) => 'userId' in row && row.userId !== user.id
      store[write] = (row) =>
        Object(row) === row && isOfAnother(row)
          ? whole.call(store, row)
          : Promise.reject(new StoreUnavailableError('read-only'))
      await expect(refresh(processes)).rejects.toThrow(StoreUnavailableError)
      expect(await answers()).toEqual(all(held))
      store[write] = whole
      await refresh(processes)
      expect(await answers()).toEqual(all(written))
    },
  )

  test.each(Object.entries(cases))(
    '%s is found again by the next refresh when the other processes could not be told',
    async (_, { change, refresh, held, written = held }) => {
      const processes = await twoProcesses()
      const { stores, answers } = processes
      await change(processes)
      const { append } = stores.inbox
      stores.inbox.append = () => Promise.reject(new StoreUnavailableError('down'))
      await expect(refresh(processes)).rejects.toThrow(StoreUnavailableError)
      stores.inbox.append = append
      await refresh(processes)
      expect(await answers()).toEqual(all(written))
    },
  )
})

describe('what a refresh finds unchanged, or wider', () => {
  test('holds nobody: one entry at the most for each listing that changed something', async () => {
    const processes = await twoProcesses()
    const { offline, stores, clerk, orgId, owner, user, answers } = processes
    const entries = async () => (await stores.inbox.revocations(null, 1_000)).changes.length
    const before = await entries()
    await clerk.organizations.refresh(orgId)
    await clerk.users.refresh(user.id)
    offline.updateUser(user, { firstName: 'Grace' })
    await offline.advance(1_000)
    const late = offline.createUser()
    offline.addMember(orgId, late.id, 'org:member')
    offline.updateMembership(orgId, owner.id, 'org:admin')
    await clerk.organizations.refresh(orgId)
    await clerk.users.refresh(user.id)
    expect(await entries()).toBe(before)
    expect(await answers()).toEqual(all('admin'))
  })
})
