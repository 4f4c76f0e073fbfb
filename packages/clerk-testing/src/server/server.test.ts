import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClerkClient, verifyToken } from '@clerk/backend'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  BackendError,
  createTestIssuer,
  type OfflineClerk,
  type StartClerkOptions,
  startClerk,
} from '../index.js'

const start = 1_800_000_000_000
const open = async (options: StartClerkOptions = {}) => {
  const offline = await startClerk(options)
  onTestFinished(() => offline.stop())
  return offline
}
const get = (offline: OfflineClerk, path: string, init: RequestInit = {}) =>
  fetch(`${offline.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${offline.secretKey}`, ...init.headers },
  })

describe('answers', () => {
  let offline: OfflineClerk
  beforeEach(async () => {
    offline = await startClerk()
  })
  afterEach(() => offline.stop())

  test('are JSON with exactly the content type the official client compares, times in milliseconds', async () => {
    const user = offline.createUser()
    const answer = await get(offline, `/v1/users/${user.id}`)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toMatchObject({ object: 'user', created_at: user.created_at })
    expect(String(user.created_at)).toHaveLength(13)
  })

  test('are a bare array for users, and data with total_count elsewhere', async () => {
    expect(await (await get(offline, '/v1/users')).json()).toEqual([])
    expect(await (await get(offline, '/v1/organizations')).json()).toEqual({ data: [], total_count: 0 })
    expect(await (await get(offline, '/v1/users/count')).json()).toEqual({
      object: 'total_count',
      total_count: 0,
    })
  })

  test('name the error and a trace id, also for unknown paths, bad JSON and oversized bodies', async () => {
    const post = (body: string) => get(offline, '/v1/users', { method: 'POST', body })
    for (const [answer, status, code] of [
      [await get(offline, '/v1/users/user_nobody'), 404, 'resource_not_found'],
      [await get(offline, '/v1/nonsense'), 404, 'not_found'],
      [await post('{'), 400, 'request_body_invalid'],
      [await post('[]'), 422, 'form_param_format_invalid'],
      [await post('{"nonsense":1}'), 422, 'form_param_unknown'],
      [await post(JSON.stringify({ first_name: 'x'.repeat(5_000_000) })), 413, 'request_body_too_large'],
      [await fetch(`${offline.url}/v1/users`), 401, 'authorization_header_format_invalid'],
      [await get(offline, '/v1/users?limit=0'), 422, 'form_param_format_invalid'],
      [await get(offline, '/v1/users?created_at_after=soon'), 422, 'form_param_format_invalid'],
    ] as const) {
      const body = (await answer.json()) as { errors: { code: string }[]; clerk_trace_id: string }
      expect([answer.status, body.errors[0]?.code]).toEqual([status, code])
      expect(body.clerk_trace_id).toMatch(/^[0-9a-f]{32}$/)
    }
  })

  test('list users in every order, with unescaped plus signs and repeated filters', async () => {
    const [b, a] = [offline.createUser({ username: 'b' }), offline.createUser({ username: 'a' })]
    const ids = async (query: string) =>
      ((await (await get(offline, `/v1/users?${query}`)).json()) as { id: string }[]).map(({ id }) => id)
    expect(await ids('order_by=+username')).toEqual([a.id, b.id])
    expect(await ids('order_by=%2Busername')).toEqual([a.id, b.id])
    expect(await ids('order_by=-username')).toEqual([b.id, a.id])
    expect(await ids(`user_id=${a.id}&user_id=${b.id}&order_by=%2Bcreated_at`)).toEqual([b.id, a.id])
    expect(await ids(`user_id=-${a.id}`)).toEqual([b.id])
    const organization = offline.createOrganization({ name: 'Acme', createdBy: a.id })
    expect(await ids(`organization_id=${organization.id}`)).toEqual([a.id])
    expect(await ids(`created_at_before=${b.created_at}`)).toEqual([])
  })

  test('keep a metadata key called __proto__ a key', async () => {
    const user = offline.createUser()
    const body = '{"public_metadata":{"__proto__":{"admin":true},"a":{"constructor":1}}}'
    const answer = await get(offline, `/v1/users/${user.id}/metadata`, { method: 'PATCH', body })
    expect(await answer.text()).toContain(
      '"public_metadata":{"__proto__":{"admin":true},"a":{"constructor":1}}',
    )
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })
})

describe('faults', () => {
  test('break one route as they say, so many times, and leave the others alone', async () => {
    const offline = await open()
    offline.faults.set('GET /v1/users/:id', { status: 500, times: 2 })
    const statuses = []
    for (let index = 0; index < 3; index++) statuses.push((await get(offline, '/v1/users/user_1')).status)
    expect(statuses).toEqual([500, 500, 404])

    offline.faults.set('/v1/jwks', { status: 429, headers: { 'retry-after': '7' }, body: '<html>' })
    const answer = await get(offline, '/v1/jwks')
    expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([
      429,
      '7',
      '<html>',
    ])

    offline.faults.set('*', { down: true })
    await expect(get(offline, '/v1/users')).rejects.toThrow()
    expect((await fetch(`${offline.url}/dashboard/settings`)).status).toBe(200)
    offline.faults.clear()
    expect((await get(offline, '/v1/users')).status).toBe(200)
    expect(() => offline.faults.set('GET /nonsense', { down: true })).toThrow('no route')
  })

  test('hang until the caller gives up, and the server still stops', async () => {
    const offline = await open()
    offline.faults.set('/.well-known/jwks.json', { hang: true })
    await expect(
      fetch(`${offline.url}/.well-known/jwks.json`, { signal: AbortSignal.timeout(50) }),
    ).rejects.toThrow()
    const pending = fetch(`${offline.url}/.well-known/jwks.json`).catch(() => 'cut')
    await expect.poll(() => offline.requests.length).toBe(2)
    await offline.stop()
    expect(await pending).toBe('cut')
  })
})

describe('rate limits', () => {
  test('answer 429 with Retry-After once used up, and again 200 when the window ends', async () => {
    const offline = await open({ now: () => start, rateLimits: { standard: 3 } })
    const statuses = []
    for (let index = 0; index < 4; index++) statuses.push((await get(offline, '/v1/users')).status)
    expect(statuses).toEqual([200, 200, 200, 429])
    await offline.advance(4_000)
    expect((await get(offline, '/v1/users')).headers.get('retry-after')).toBe('6')
    const client = createClerkClient({ secretKey: offline.secretKey, apiUrl: offline.url })
    await expect(client.users.getUserList()).rejects.toMatchObject({ status: 429, retryAfter: 6 })
    expect((await get(offline, '/v1/jwks')).status).toBe(200)
    await offline.advance(6_000)
    expect((await get(offline, '/v1/users')).status).toBe(200)
  })

  test('count updates of one user and invitations on their own', async () => {
    const offline = await open({ now: () => start, rateLimits: true })
    const [a, b] = [offline.createUser(), offline.createUser()]
    const update = async (id: string) =>
      (await get(offline, `/v1/users/${id}`, { method: 'PATCH', body: '{"first_name":"A"}' })).status
    const statuses = []
    for (let index = 0; index < 11; index++) statuses.push(await update(a.id))
    expect(statuses).toEqual([...Array(10).fill(200), 429])
    expect(await update(b.id)).toBe(200)
  })
})

test('requests are logged with their route and status, without credentials', async () => {
  const offline = await open()
  await get(offline, '/v1/users/user_1', { headers: { 'clerk-api-version': '2026-05-12' } })
  expect(offline.requests).toMatchObject([
    {
      method: 'GET',
      path: '/v1/users/user_1',
      route: 'GET /v1/users/:user_id',
      operation: 'GetUser',
      status: 404,
      headers: { 'clerk-api-version': '2026-05-12' },
    },
  ])
  expect(JSON.stringify(offline.requests)).not.toContain(offline.secretKey)
})

describe('state', () => {
  const seed = {
    users: [{ emailAddress: 'a@example.com', externalId: 'ext-1' }, { username: 'b' }],
    organizations: [{ name: 'Acme', members: [{ user: 'a@example.com', role: 'org:admin' }, { user: 'b' }] }],
  }

  test('is seeded from data or by a function, and reset to it', async () => {
    const offline = await open({ seed })
    const [first] = (await (await get(offline, '/v1/users')).json()) as { id: string }[]
    offline.deleteUser(first?.id ?? '')
    offline.faults.set('*', { down: true })
    const env = offline.env
    await offline.reset()
    expect(offline.env).toEqual(env)
    expect(((await (await get(offline, '/v1/users')).json()) as object[]).length).toBe(2)
    expect(
      ((await (await get(offline, '/v1/organization_memberships')).json()) as { total_count: number })
        .total_count,
    ).toBe(2)
    const other = await open({ seed: (fresh) => void fresh.createUser({ username: 'c' }) })
    expect(((await (await get(other, '/v1/users')).json()) as object[]).length).toBe(1)
    await expect(
      startClerk({ seed: { organizations: [{ name: 'x', members: [{ user: 'nobody' }] }] } }),
    ).rejects.toThrow('organizations[0] cannot be created: there is no user "nobody"')
  })

  test('goes to a file only its owner can read, and comes back with its keys', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'snapshot-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'state.json')
    const first = await startClerk({ seed })
    const user = first.createUser({ emailAddress: 'saved@example.com', password: 'a long password' })
    const token = await first.token(user)
    const saved = first.getUser(user)
    await first.save(file)
    await first.stop()
    expect((await stat(file)).mode & 0o777).toBe(0o600)

    const second = await open({ snapshot: file, port: Number(new URL(first.url).port) })
    expect(second.getUser(user)).toEqual(saved)
    expect([second.secretKey, second.webhookSecret, second.publishableKey]).toEqual([
      first.secretKey,
      first.webhookSecret,
      first.publishableKey,
    ])
    expect((await verifyToken(token, { secretKey: second.secretKey, apiUrl: second.url })).sub).toBe(user.id)
    expect(() => second.createUser({ emailAddress: 'saved@example.com' })).toThrow(BackendError)
    await expect(startClerk({ snapshot: { version: 2 } as never })).rejects.toThrow('not a snapshot')
  })

  test('given out is a copy: changing it changes nothing', async () => {
    const offline = await open()
    const user = offline.createUser({ publicMetadata: { a: 1 } })
    user.public_metadata.a = 2
    user.banned = true
    expect(offline.getUser(user)).toMatchObject({ banned: false, public_metadata: { a: 1 } })
  })
})

test('a session expires after seven days and then has no more tokens', async () => {
  const offline = await open({ now: () => start })
  const session = offline.createSession(offline.createUser())
  await offline.token(session)
  await offline.advance(7 * 86_400_000)
  expect(offline.getSession(session).status).toBe('expired')
  await expect(offline.token(session)).rejects.toThrow()
})

test('removing a member takes the organisation out of the next token', async () => {
  const offline = await open()
  const user = offline.createUser()
  const organization = offline.createOrganization({ name: 'Acme', createdBy: user.id })
  const session = offline.createSession(user, { organization })
  const claims = async () =>
    JSON.parse(Buffer.from((await offline.token(session)).split('.')[1] ?? '', 'base64url').toString())
  expect((await claims()).o).toMatchObject({ id: organization.id, rol: 'admin' })
  offline.updateMembership(organization, user, 'org:member')
  expect((await claims()).o).toMatchObject({ rol: 'member' })
  offline.removeMember(organization, user)
  expect(await claims()).not.toHaveProperty('o')
})

test('permissions of a role are in the token, system permissions are not', async () => {
  const offline = await open({
    roles: { 'org:billing': ['org:invoices:read', 'org:sys_memberships:read'] },
    sessionClaims: (user) => ({ role_hint: user.username }),
  })
  const user = offline.createUser({ username: 'ada' })
  const organization = offline.createOrganization({ name: 'Acme' })
  offline.addMember(organization, user, 'org:billing')
  const token = await offline.token(user, { organization, options: { version: 1 } })
  expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
    org_role: 'org:billing',
    org_permissions: ['org:invoices:read'],
    role_hint: 'ada',
  })
})

test('twenty servers start and stop without leaving anything behind', async () => {
  const handles = () =>
    process.getActiveResourcesInfo().filter((name) => /TCPServerWrap|TCPSocketWrap|Timeout/.test(name))
  const { key: signingKey } = await createTestIssuer()
  const before = handles().length
  for (let index = 0; index < 20; index++) {
    const offline = await startClerk({ signingKey, webhookUrl: 'http://127.0.0.1:1/' })
    offline.createUser()
    await offline.webhooks.settled()
    await offline.stop()
  }
  await expect.poll(() => handles().length).toBeLessThanOrEqual(before + 1)
})
