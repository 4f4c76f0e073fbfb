import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { memoryStore, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { ClerkApiError } from '../../ground/errors.js'

async function atClerk(offline: OfflineClerk, method: string, path: string, body?: object) {
  const response = await fetch(`${offline.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${offline.secretKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(response.ok).toBe(true)
  return (await response.json()) as { id: string; data: { id: string; key: string }[] }
}

/** Two processes over one store, an organisation with its members there, and no further webhook. */
async function team(size = 1, options: Parameters<typeof startInstance>[1] = {}) {
  const offline = await startOffline()
  const stores = memoryStore()
  const here = startInstance(offline, options, stores)
  const there = startInstance(offline, options, stores)
  const owner = offline.createUser()
  const { id: orgId } = offline.createOrganization({ name: 'Acme', createdBy: owner.id })
  const members = Array.from({ length: size }, () => offline.createUser())
  for (const { id } of members) offline.addMember(orgId, id, 'org:admin')
  await here.deliver()
  const [member = owner] = members
  const byHeader = { ...(await offline.authHeader(member, { organization: null })), organization: orgId }
  const role = async (process = here) => {
    const auth = await process.clerk.authenticate(byHeader)
    return auth.kind === 'user' ? auth.orgRole : auth.kind
  }
  return { offline, stores, here, there, owner, member, members, orgId, role, byHeader }
}

const NONE = { ended: [], left: [], leftBecause: null }

describe('a member who was removed at Clerk, without a webhook', () => {
  test('has no role after a refresh, here at once and in the other process at its next look', async () => {
    const { offline, here, there, member, orgId, role } = await team()
    expect([await role(here), await role(there)]).toEqual(['org:admin', 'org:admin'])
    offline.removeMember(orgId, member)
    expect(await role()).toBe('org:admin')
    const { listings, organization } = await here.clerk.organizations.refresh(orgId)
    expect(organization).toMatchObject({ clerkId: orgId, deletedAt: null })
    expect(listings).toMatchObject({
      organization: NONE,
      memberships: { ended: [expect.stringMatching(/^orgmem_/)] },
    })
    expect(await role(here)).toBeNull()
    await offline.advance(2_001)
    expect(await role(there)).toBeNull()
  })

  test('loses an open connection', async () => {
    const { offline, here, member, orgId, byHeader } = await team()
    const auth = await here.clerk.authenticate(byHeader)
    const ended = new Promise((resolve) => {
      here.clerk.watch(auth, { role: 'org:admin' }).onEnd(({ reason }) => resolve(reason))
    })
    offline.removeMember(orgId, member)
    await here.clerk.organizations.refresh(orgId)
    expect(await ended).toBe('organization-lost')
  })

  test('has a role again after coming back, by another membership', async () => {
    const { offline, here, stores, member, orgId, role } = await team()
    offline.removeMember(orgId, member)
    await offline.advance(1_000)
    offline.addMember(orgId, member.id, 'org:member')
    const { listings } = await here.clerk.organizations.refresh(orgId)
    expect(listings.memberships.ended).toHaveLength(1)
    expect(await role()).toBe('org:member')
    expect(await stores.organizations.listMemberships({ orgId })).toHaveLength(2)
  })

  test('keeps the role while Clerk answers with errors, and the refresh rejects', async () => {
    const { offline, here, member, orgId, role } = await team()
    offline.removeMember(orgId, member)
    for (const operation of ['ListOrganizationMemberships', 'GetJWKS']) {
      offline.faults.set(operation, { status: 403 })
      await expect(here.clerk.organizations.refresh(orgId)).rejects.toThrow(ClerkApiError)
      offline.faults.clear()
      expect(await role()).toBe('org:admin')
    }
  })

  test('keeps the role when a request by id still finds the membership', async () => {
    const { offline, here, orgId, role } = await team(30)
    // One listing that lacks somebody: what a listing that shifts under its reader looks like.
    const { data } = await atClerk(
      offline,
      'GET',
      `/organizations/${orgId}/memberships?limit=500&order_by=%2Bcreated_at`,
    )
    const lacking = data.filter((_, index) => index !== 1)
    offline.faults.set('ListOrganizationMemberships', { body: { data: lacking, total_count: 31 }, times: 1 })
    expect((await here.clerk.organizations.refresh(orgId)).listings.memberships).toEqual(NONE)
    expect(await role()).toBe('org:admin')
  })
})

describe('a listing that shifts under its reader', () => {
  test('ends nobody who stayed, and whoever left meanwhile with the next refresh', async () => {
    const offline = await startOffline()
    const { id: orgId } = offline.createOrganization({ name: 'Acme', maxAllowedMemberships: 0 })
    const members = Array.from({ length: 700 }, () => offline.createUser())
    for (const { id } of members) offline.addMember(orgId, id)
    const [left, stayed] = [members.slice(0, 3), members.slice(3)]
    let joined: { id: string } | undefined
    const { clerk, stores } = startInstance(offline, {
      async fetch(input, init) {
        const response = await fetch(input, init)
        const { pathname, searchParams } = new URL(String(input))
        // After the first page: three of it go, which shifts what follows, and one comes.
        const shifts =
          pathname.endsWith('/memberships') && searchParams.get('offset') === '0' && filled && !joined
        if (shifts) {
          for (const user of left) offline.removeMember(orgId, user)
          joined = offline.createUser()
          offline.addMember(orgId, joined.id)
        }
        return response
      },
    })
    let filled = false
    await clerk.organizations.refresh(orgId)
    filled = true
    const live = async () =>
      new Set((await stores.organizations.listMemberships({ orgId })).map(({ userId }) => userId))
    expect((await live()).size).toBe(700)

    expect((await clerk.organizations.refresh(orgId)).listings.memberships).toEqual(NONE)
    expect(await live()).toEqual(new Set([...members, joined].map((user) => user?.id)))
    expect((await clerk.organizations.refresh(orgId)).listings.memberships.ended).toHaveLength(3)
    expect(await live()).toEqual(new Set([...stayed, joined].map((user) => user?.id)))
  })
})

describe('a listing that lacks too much', () => {
  test('ends nobody and says so, until it is forced; even then none whom a request by id finds', async () => {
    const { offline, here, stores, members, orgId, role } = await team(20)
    const empty = { body: { data: [], total_count: 0 }, times: 1 }
    offline.faults.set('ListOrganizationMemberships', empty)
    const { listings } = await here.clerk.organizations.refresh(orgId)
    expect(listings.memberships).toMatchObject({ ended: [], leftBecause: 'too-many-missing' })
    expect(listings.memberships.left).toHaveLength(21)
    expect(await role()).toBe('org:admin')

    for (const { id } of members.slice(0, 15)) offline.removeMember(orgId, id)
    const doubted = await here.clerk.organizations.refresh(orgId)
    expect(doubted.listings.memberships.left).toHaveLength(15)
    offline.faults.set('ListOrganizationMemberships', empty)
    const forced = await here.clerk.organizations.refresh(orgId, { force: true })
    expect(forced.listings.memberships).toMatchObject({ left: [], leftBecause: null })
    expect(forced.listings.memberships.ended).toHaveLength(15)
    expect(await stores.organizations.listMemberships({ orgId })).toHaveLength(6)
  })
})

describe('the key of another instance', () => {
  /** A process that has the secret key of another instance, and the tokens of this one. */
  async function mistaken(keys: 'publishable key' | 'PEM' | "the Backend API's" | 'none that answers') {
    const { offline, stores, owner, member, orgId } = await team()
    const other = await startClerk({ now: offline.now })
    onTestFinished(() => other.stop())
    const pem = { publishableKey: undefined, issuer: offline.url, jwtKey: offline.tokens.pem }
    const wrong = {
      'publishable key': {},
      PEM: pem,
      "the Backend API's": { publishableKey: undefined, issuer: offline.url },
      'none that answers': {
        publishableKey: undefined,
        jwksUrl: 'http://127.0.0.1:9/jwks.json',
        issuer: offline.url,
      },
    }[keys]
    const clerk = startInstance(
      offline,
      { ...wrong, secretKey: other.secretKey, apiUrl: other.url },
      stores,
    ).clerk
    return { clerk, stores, owner, member, orgId, offline, pem }
  }

  test.each([
    ['publishable key', 'other-instance'],
    ['PEM', 'other-instance'],
    ["the Backend API's", 'other-instance'],
    ['none that answers', 'instance-not-proven'],
  ] as const)('ends neither a user nor an organisation (keys of tokens: %s)', async (keys, leftBecause) => {
    const { clerk, member, orgId, stores } = await mistaken(keys)
    for (const force of [false, true]) {
      const { user, listings } = await clerk.users.refresh(member.id, { force })
      expect(listings.user).toEqual({ ended: [], left: [member.id], leftBecause })
      expect(user).toMatchObject({ clerkId: member.id, deletedAt: null })
      expect((await clerk.organizations.refresh(orgId, { force })).listings.organization).toEqual({
        ended: [],
        left: [orgId],
        leftBecause,
      })
    }
    expect(await stores.users.findByClerkId(member.id)).toMatchObject({ deletedAt: null })
    expect(await stores.organizations.findOrganization(orgId)).toMatchObject({ deletedAt: null })
  })

  test('is asked about once per process where it is our own, by a PEM key as well', async () => {
    const { offline, pem, member, owner } = await mistaken('PEM')
    const { clerk } = startInstance(offline, pem, memoryStore())
    await clerk.users.refresh(member.id)
    await clerk.users.refresh(owner.id)
    const asked = () => offline.requests.filter(({ path }) => path === '/v1/jwks').length
    expect(asked()).toBe(0)
    offline.deleteUser(member)
    offline.deleteUser(owner)
    for (const { id } of [member, owner])
      expect((await clerk.users.refresh(id)).listings.user.ended).toEqual([id])
    expect(asked()).toBe(1)
  })
})

describe('a user who was deleted at Clerk, without a webhook', () => {
  test('is deleted and signed out everywhere after a refresh', async () => {
    const { offline, here, there, member, byHeader } = await team()
    const seen: string[] = []
    here.clerk.on('*', ({ type }) => void seen.push(type))
    expect(await there.clerk.authenticate(byHeader)).toMatchObject({ kind: 'user' })
    offline.deleteUser(member)
    const { user, listings } = await here.clerk.users.refresh(member.id)
    expect(listings.user).toEqual({ ...NONE, ended: [member.id] })
    expect(user).toMatchObject({ clerkId: member.id, deletedAt: new Date(offline.now()) })
    expect(await here.clerk.authenticate(byHeader)).toMatchObject({ kind: 'anonymous' })
    await offline.advance(2_001)
    expect(await there.clerk.authenticate(byHeader)).toMatchObject({ kind: 'anonymous' })
    // No event was sent: the result says what was ended.
    expect(seen).toEqual([])
    expect((await here.clerk.users.refresh(member.id)).listings.user).toEqual(NONE)
  })

  test('stays while the listing by that id still has the user, or fails', async () => {
    const { offline, here, member, stores } = await team()
    offline.faults.set('GetUser', { status: 404, body: { errors: [{ code: 'resource_not_found' }] } })
    const { user, listings } = await here.clerk.users.refresh(member.id)
    expect(listings.user).toEqual(NONE)
    expect(user).toMatchObject({ clerkId: member.id, deletedAt: null })
    offline.faults.set('GetUserList', { status: 403 })
    await expect(here.clerk.users.refresh(member.id)).rejects.toThrow(ClerkApiError)
    expect(await stores.users.findByClerkId(member.id)).toMatchObject({ deletedAt: null })
  })

  test('of whom there is no row gets none', async () => {
    const { here, stores } = await team()
    expect(await here.clerk.users.refresh('user_unknown')).toEqual({ user: null, listings: { user: NONE } })
    expect(await stores.users.findByClerkId('user_unknown')).toBeNull()
  })
})

describe('what else a refresh finds', () => {
  test('an organisation that was deleted ends with its memberships', async () => {
    const { offline, here, there, orgId, role } = await team()
    expect(await role(there)).toBe('org:admin')
    offline.deleteOrganization(orgId)
    const { organization, listings } = await here.clerk.organizations.refresh(orgId)
    expect(organization).toMatchObject({ deletedAt: new Date(offline.now()) })
    expect(listings).toEqual({ organization: { ...NONE, ended: [orgId] }, memberships: NONE, roles: NONE })
    expect(await role(here)).toBeNull()
    await offline.advance(2_001)
    expect(await role(there)).toBeNull()
  })

  test('a demotion reaches the other process', async () => {
    const { offline, here, there, member, orgId, role } = await team()
    expect(await role(there)).toBe('org:admin')
    await offline.advance(1_000)
    await atClerk(offline, 'PATCH', `/organizations/${orgId}/memberships/${member.id}`, {
      role: 'org:member',
    })
    await here.clerk.organizations.refresh(orgId)
    expect(await role(here)).toBe('org:member')
    await offline.advance(2_001)
    expect(await role(there)).toBe('org:member')
  })

  test('an invitation that was revoked is pending no more', async () => {
    const { offline, here, stores, owner, orgId } = await team()
    const path = `/organizations/${orgId}/invitations`
    const invited = { email_address: 'guest@example.com', role: 'org:member', inviter_user_id: owner.id }
    const { id } = await atClerk(offline, 'POST', path, invited)
    await here.deliver()
    expect(await stores.organizations.findInvitation(id)).toMatchObject({ status: 'pending' })
    await offline.advance(1_000)
    await atClerk(offline, 'POST', `${path}/${id}/revoke`, { requesting_user_id: owner.id })
    await here.clerk.organizations.refresh(orgId)
    expect(await stores.organizations.findInvitation(id)).toMatchObject({ status: 'revoked' })
  })
})

describe('roles', () => {
  const idOf = async (offline: OfflineClerk, kind: 'roles' | 'permissions', key: string) =>
    (await atClerk(offline, 'GET', `/organization_${kind}?limit=100`)).data.find((one) => one.key === key)
      ?.id ?? 'none'

  async function withRoles() {
    const all = await team()
    const { here, orgId, member } = all
    const permissions = async () => {
      const found = await here.clerk.organizations.getMembership(orgId, member.id)
      return found?.permissions ?? []
    }
    return { ...all, permissions }
  }

  test('are read by a refresh of an organisation, and by one of their own, in every process', async () => {
    const { offline, here, there, stores, orgId, permissions, byHeader } = await withRoles()
    const may = async (process = here) => {
      const auth = await process.clerk.authenticate(byHeader)
      return auth.kind === 'user' && auth.has({ permission: 'org:sys_memberships:manage' })
    }
    expect(await may(there)).toBe(true)
    await offline.advance(1_000)
    const role = await idOf(offline, 'roles', 'org:admin')
    const manage = await idOf(offline, 'permissions', 'org:sys_memberships:manage')
    await atClerk(offline, 'DELETE', `/organization_roles/${role}/permissions/${manage}`)
    await here.clerk.organizations.refreshRoles()
    expect(await permissions()).not.toContain('org:sys_memberships:manage')
    expect(await may(here)).toBe(false)
    await offline.advance(2_001)
    expect(await may(there)).toBe(false)

    await atClerk(offline, 'POST', `/organization_roles/${role}/permissions/${manage}`)
    expect((await here.clerk.organizations.refresh(orgId)).listings.roles).toEqual(NONE)
    expect(await may(here)).toBe(true)
    expect(await stores.organizations.listRoles()).toHaveLength(2)
  })

  test('that are gone at Clerk end', async () => {
    const { offline, here, stores } = await withRoles()
    const { id } = await atClerk(offline, 'POST', '/organization_roles', {
      name: 'Guest',
      key: 'org:guest',
      description: 'A guest',
    })
    await here.clerk.organizations.refreshRoles()
    expect(await stores.organizations.findRole('org:guest')).toMatchObject({ clerkId: id, deletedAt: null })
    await atClerk(offline, 'DELETE', `/organization_roles/${id}`)
    expect(await here.clerk.organizations.refreshRoles()).toEqual({ ...NONE, ended: [id] })
    expect(await stores.organizations.findRole('org:guest')).toMatchObject({
      deletedAt: new Date(offline.now()),
    })
  })

  test('lose a deleted permission with a refresh, although its event names no role', async () => {
    const { offline, here, permissions } = await withRoles()
    await here.clerk.organizations.refreshRoles()
    const own = await atClerk(offline, 'POST', '/organization_permissions', {
      name: 'Invoices',
      key: 'org:invoices:read',
      description: 'Reads',
    })
    const role = await idOf(offline, 'roles', 'org:admin')
    await atClerk(offline, 'POST', `/organization_roles/${role}/permissions/${own.id}`)
    await here.clerk.organizations.refreshRoles()
    expect(await permissions()).toContain('org:invoices:read')
    await atClerk(offline, 'DELETE', `/organization_permissions/${own.id}`)
    await here.clerk.organizations.refreshRoles()
    expect(await permissions()).not.toContain('org:invoices:read')
  })

  test('follow a permission that was renamed, although its event names no role', async () => {
    const { offline, here, orgId, permissions } = await withRoles()
    const own = await atClerk(offline, 'POST', '/organization_permissions', {
      name: 'Invoices',
      key: 'org:invoices:read',
      description: 'Reads',
    })
    const role = await idOf(offline, 'roles', 'org:admin')
    await atClerk(offline, 'POST', `/organization_roles/${role}/permissions/${own.id}`)
    await offline.advance(1_000)
    const late = offline.createUser()
    offline.addMember(orgId, late, 'org:admin')
    await here.deliver()
    await offline.advance(1_000)
    await atClerk(offline, 'PATCH', `/organization_permissions/${own.id}`, { key: 'org:bills:read' })
    await here.deliver()
    expect(await permissions()).toContain('org:invoices:read')
    await here.clerk.organizations.refresh(orgId)
    const ofLate = (await here.clerk.organizations.getMembership(orgId, late.id))?.permissions
    for (const held of [await permissions(), ofLate]) {
      expect(held).toContain('org:bills:read')
      expect(held).not.toContain('org:invoices:read')
    }
  })

  test('are left out where the store has none', async () => {
    const offline = await startOffline()
    const stores = memoryStore()
    const {
      findRole: _f,
      listRoles: _l,
      applyRole: _a,
      removeRole: _r,
      ...organizations
    } = stores.organizations
    const { clerk } = startInstance(offline, {}, { ...stores, organizations } as typeof stores)
    const { id } = offline.createOrganization({ name: 'Acme' })
    expect((await clerk.organizations.refresh(id)).listings.roles).toEqual(NONE)
    expect(await clerk.organizations.refreshRoles()).toEqual(NONE)
    expect(offline.requests.filter(({ path }) => path.includes('organization_roles'))).toEqual([])
  })
})
