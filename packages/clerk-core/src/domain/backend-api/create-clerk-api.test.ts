import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { userJson } from '../../../testing/clerk-json.js'
import type { Gate } from '../../ground/api/gate.js'
import { ClerkApiError, ConfigurationError } from '../../ground/errors.js'
import { retryAfterSeconds } from '../../ground/http/retry-after.js'
import type { ClerkEvent } from '../../ground/observe/events.js'
import { createObserver } from '../../ground/observe/observer.js'
import type { ClerkApi } from './clerk-api.js'
import { createClerkApi } from './create-clerk-api.js'

let clerk: OfflineClerk
beforeAll(async () => {
  clerk = await startClerk()
})
afterAll(() => clerk.stop())
afterEach(() => clerk.faults.clear())

const LIMITS = { concurrency: 64, requestsPer10Seconds: 1000 }
/** What the gate does has tests of its own. */
const openGate: Gate = {
  run: (_lane, _patienceMs, call) => call(),
  pause: () => undefined,
  narrow: () => undefined,
  skip: () => undefined,
}

/** A client whose waits are noted instead of waited. */
function client({ apiUrl = clerk.url, secretKey = clerk.secretKey as string | null, random = 0.5 } = {}) {
  const waits: number[] = []
  const events: ClerkEvent[] = []
  const observer = createObserver(Date.now)
  observer.add((event) => events.push(event))
  const api = createClerkApi({ apiUrl, secretKey, api: LIMITS, now: Date.now, fetch }, observer, {
    gate: openGate,
    sleep: async (ms) => void waits.push(ms),
    random: () => random,
  })
  return { api, waits, events }
}

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const row of rows) found.push(row)
  return found
}

const refusal = (promise: Promise<unknown>): Promise<ClerkApiError> =>
  promise.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => (error instanceof ClerkApiError ? error : Promise.reject(error)),
  )

const requestsTo = (path: string) => clerk.requests.filter((request) => request.path === path).length

describe('the Backend API client', () => {
  it('does everything to a user', async () => {
    const { api } = client()
    const made = await api.createUser({
      emailAddress: ['ann@example.com'],
      firstName: 'Ann',
      externalId: 'legacy-1',
      skipPasswordRequirement: true,
      publicMetadata: { seatCount: 1 },
    })
    expect(made).toMatchObject({ email: 'ann@example.com', firstName: 'Ann', externalId: 'legacy-1' })
    const { clerkId } = made
    expect(await api.getUser(clerkId)).toEqual(made)
    expect(await api.updateUser(clerkId, { lastName: 'Lee' })).toMatchObject({ lastName: 'Lee' })
    expect(
      await api.updateUserMetadata(clerkId, {
        publicMetadata: { planName: 'gold' },
        privateMetadata: { a: 1 },
      }),
    ).toMatchObject({ publicMetadata: { seatCount: 1, planName: 'gold' } })
    expect(await api.getUser(clerkId)).not.toHaveProperty('privateMetadata')
    expect(await api.getUser(clerkId, { privateMetadata: true })).toMatchObject({ privateMetadata: { a: 1 } })
    expect(await api.banUser(clerkId)).toMatchObject({ banned: true })
    expect(await api.unbanUser(clerkId)).toMatchObject({ banned: false })
    expect(await api.lockUser(clerkId)).toMatchObject({ locked: true })
    expect(await api.unlockUser(clerkId)).toMatchObject({ locked: false })
    expect(await api.listUsers({ emailAddress: ['ann@example.com'] })).toHaveLength(1)
    expect(await api.countUsers({ externalId: ['legacy-1', 'legacy-2'] })).toBe(1)
    await api.deleteUser(clerkId)
    expect(await refusal(api.getUser(clerkId))).toMatchObject({ status: 404, codes: ['resource_not_found'] })
  })

  it('does everything to an organisation, its members and its invitations', async () => {
    const { api } = client()
    const [owner, member] = await Promise.all(
      ['owner', 'member'].map((name) => api.createUser({ emailAddress: [`${name}@example.com`] })),
    )
    const made = await api.createOrganization({ name: 'Acme', slug: 'acme', createdBy: owner!.clerkId })
    const id = made.clerkId
    expect(await api.getOrganization('acme')).toMatchObject({ clerkId: id, name: 'Acme' })
    expect(await api.updateOrganization(id, { name: 'Acme Ltd' })).toMatchObject({ name: 'Acme Ltd' })
    const userId = member!.clerkId
    expect(await api.createMembership(id, { userId, role: 'org:member' })).toMatchObject({
      orgId: id,
      userId,
      role: 'org:member',
    })
    expect(await api.updateMembership(id, userId, { role: 'org:admin' })).toMatchObject({ role: 'org:admin' })
    const userIds = async (rows: AsyncIterable<{ userId: string }>) =>
      (await all(rows)).map(({ userId }) => userId)
    expect(await userIds(api.eachMembership(id))).toEqual([owner!.clerkId, userId])
    expect(await userIds(api.eachInstanceMembership())).toEqual([owner!.clerkId, userId])
    expect(await all(api.eachMembershipOfUser(userId))).toMatchObject([{ orgId: id, role: 'org:admin' }])
    await api.deleteMembership(id, userId)
    expect(await userIds(api.eachMembership(id))).toEqual([owner!.clerkId])

    const invited = await api.createInvitation(id, {
      emailAddress: 'guest@example.com',
      role: 'org:member',
      inviterUserId: owner!.clerkId,
    })
    expect(invited).toMatchObject({ orgId: id, email: 'guest@example.com', status: 'pending' })
    expect(
      await api.revokeInvitation(id, invited.clerkId, { requestingUserId: owner!.clerkId }),
    ).toMatchObject({ status: 'revoked' })
    expect(await all(api.eachInvitation(id))).toMatchObject([{ clerkId: invited.clerkId }])
    expect((await all(api.eachOrganization())).map(({ clerkId }) => clerkId)).toContain(id)
    await api.deleteOrganization(id)
    expect(await refusal(api.getOrganization(id))).toMatchObject({ status: 404 })
  })

  it('does everything to a session', async () => {
    const { api } = client()
    const { clerkId } = await api.createUser({ emailAddress: ['session@example.com'] })
    const session = await api.createSession(clerkId)
    expect(session).toMatchObject({ userId: clerkId, status: 'active' })
    expect(await api.getSession(session.id)).toEqual(session)
    expect(await api.listSessions({ userId: clerkId, status: 'active' })).toEqual([session])
    expect((await api.createSessionToken(session.id)).split('.')).toHaveLength(3)
    expect(await api.createSignInToken(clerkId, { expiresInSeconds: 60 })).toMatchObject({
      token: expect.any(String),
    })
    expect(await api.revokeSession(session.id)).toMatchObject({ status: 'revoked' })
  })

  it("does everything to a user's e-mail addresses", async () => {
    const { api } = client()
    const { clerkId: userId } = await api.createUser({ emailAddress: ['first@example.com'] })
    const added = await api.createEmailAddress({ userId, emailAddress: 'second@example.com' })
    expect(added).toMatchObject({
      id: expect.stringMatching(/^idn_/),
      emailAddress: 'second@example.com',
      verified: false,
      createdAt: expect.any(Number),
    })
    expect(await api.getUser(userId)).toMatchObject({ email: 'first@example.com' })
    expect(await api.updateEmailAddress(added.id, { verified: true })).toMatchObject({ verified: true })
    expect(await api.setPrimaryEmailAddress(added.id)).toMatchObject({ id: added.id })
    expect(await api.getUser(userId)).toMatchObject({ email: 'second@example.com', emailVerified: true })
    expect(await api.getEmailAddress(added.id)).toMatchObject({ id: added.id, verified: true })
    const third = { userId, emailAddress: 'third@example.com', verified: true, primary: true }
    expect(await api.createEmailAddress(third)).toMatchObject({ verified: true })
    expect(await api.getUser(userId)).toMatchObject({ email: 'third@example.com', emailVerified: true })
    await api.deleteEmailAddress(added.id)
    expect(await refusal(api.getEmailAddress(added.id))).toMatchObject({ status: 404 })
    expect(await refusal(api.createEmailAddress(third))).toMatchObject({ status: 422 })
  })

  it('does everything to an invitation to sign up', async () => {
    const { api } = client()
    const invited = await api.createInstanceInvitation({
      emailAddress: 'newcomer@example.com',
      publicMetadata: { planName: 'gold' },
      expiresInDays: 2,
      notify: false,
    })
    const { createdAt } = invited
    expect(invited).toMatchObject({
      emailAddress: 'newcomer@example.com',
      status: 'pending',
      url: expect.stringContaining(clerk.url),
      publicMetadata: { planName: 'gold' },
    })
    expect(Math.abs((invited.expiresAt ?? 0) - (createdAt ?? 0) - 2 * 86_400_000)).toBeLessThan(60_000)
    expect(await api.listInstanceInvitations({ status: 'pending' }, { limit: 5 })).toEqual([invited])
    expect(await api.listInstanceInvitations({ query: 'newcomer@example.com' })).toEqual([invited])
    expect(
      await refusal(api.createInstanceInvitation({ emailAddress: 'newcomer@example.com' })),
    ).toMatchObject({
      status: 400,
    })
    const again = await api.createInstanceInvitation({
      emailAddress: 'newcomer@example.com',
      ignoreExisting: true,
    })
    expect(await api.revokeInstanceInvitation(invited.id)).toMatchObject({
      id: invited.id,
      status: 'revoked',
    })
    const statuses = (await all(api.eachInstanceInvitation())).map(({ id, status }) => [id, status])
    expect(statuses).toEqual([
      [invited.id, 'revoked'],
      [again.id, 'pending'],
    ])
    expect(await all(api.eachInstanceInvitation({ status: 'accepted' }))).toEqual([])
  })

  it('reads roles with their permissions, and lists by ids', async () => {
    const { api } = client()
    const roles = await all(api.eachRole())
    expect(roles.map(({ key }) => key)).toEqual(['org:admin', 'org:member'])
    const [admin] = roles
    expect(admin?.permissions).toContain('org:sys_memberships:manage')
    expect(await api.getRole(admin?.clerkId ?? '')).toEqual(admin)
    const [one, other] = await Promise.all(
      ['one', 'other'].map((name) => api.createUser({ emailAddress: [`${name}.lists@example.com`] })),
    )
    const { clerkId } = await api.createOrganization({ name: 'Lists', createdBy: one!.clerkId })
    await api.createMembership(clerkId, { userId: other!.clerkId, role: 'org:member' })
    expect(await api.listOrganizations({ organizationId: [clerkId, 'org_none'] })).toMatchObject([
      { clerkId },
    ])
    expect(await api.listMemberships(clerkId, { userId: [other!.clerkId] })).toMatchObject([
      { userId: other!.clerkId },
    ])
    expect(await api.listMemberships(clerkId)).toHaveLength(2)
  })

  it('makes a testing token, whose end is in milliseconds, and reads the public keys', async () => {
    const { api } = client()
    const { token, expiresAt } = await api.createTestingToken()
    expect(token).toMatch(/^[\w-]{20,}$/)
    expect(expiresAt - Date.now()).toBeGreaterThan(0)
    expect(expiresAt - Date.now()).toBeLessThan(86_400_000)
    expect(await api.getJwks()).toMatchObject({ keys: [{ kty: 'RSA', use: 'sig' }] })
  })

  it('reads every user of an instance, 500 at a time', async () => {
    await using own = await startClerk()
    const { api } = client({ apiUrl: own.url, secretKey: own.secretKey })
    const made = Array.from(
      { length: 1203 },
      (_, i) => own.createUser({ emailAddress: [`u${i}@example.com`] }).id,
    )
    const before = own.requests.length
    const found = (await all(api.eachUser())).map(({ clerkId }) => clerkId)
    expect(new Set(found)).toEqual(new Set(made))
    expect(found).toHaveLength(1203)
    expect(own.requests.length - before).toBeLessThanOrEqual(6)
  })
})

describe('repeating a call', () => {
  it.each([500, 502, 503, 504, 429])('happens after %i, with jitter, and is told', async (status) => {
    const { api, waits, events } = client()
    const { clerkId } = await api.createUser({ emailAddress: [`retry${status}@example.com`] })
    clerk.faults.set('GET /v1/users/:id', { status, times: 2 })
    expect(await api.getUser(clerkId)).toMatchObject({ clerkId })
    expect(waits).toEqual([100, 200])
    expect(events).toMatchObject([
      { name: 'api.retry', operation: 'getUser', attempt: 1, status, delayMs: 100 },
      { name: 'api.retry', operation: 'getUser', attempt: 2, status, delayMs: 200 },
    ])
  })

  it('happens after a connection that broke, three times in all', async () => {
    const { api, waits } = client()
    clerk.faults.set('GET /v1/users/count', { down: true })
    const before = requestsTo('/v1/users/count')
    expect(await refusal(api.countUsers())).toMatchObject({ status: 0 })
    expect(waits).toHaveLength(2)
    expect(requestsTo('/v1/users/count') - before).toBe(3)
  })

  it('never happens to what makes something new', async () => {
    const { api, waits } = client()
    clerk.faults.set('POST /v1/users', { status: 503 })
    expect(await refusal(api.createUser({ emailAddress: ['once@example.com'] }))).toMatchObject({
      status: 503,
    })
    expect(waits).toEqual([])
  })

  it.each<[string, boolean, (api: ClerkApi) => Promise<unknown>]>([
    [
      'CreateEmailAddress',
      false,
      (api) => api.createEmailAddress({ userId: 'user_1', emailAddress: 'a@b.c' }),
    ],
    ['GetEmailAddress', true, (api) => api.getEmailAddress('idn_1')],
    ['UpdateEmailAddress', true, (api) => api.setPrimaryEmailAddress('idn_1')],
    ['DeleteEmailAddress', true, (api) => api.deleteEmailAddress('idn_1')],
    ['CreateInvitation', false, (api) => api.createInstanceInvitation({ emailAddress: 'a@b.c' })],
    ['ListInvitations', true, (api) => api.listInstanceInvitations()],
    ['RevokeInvitation', true, (api) => api.revokeInstanceInvitation('inv_1')],
    ['CreateTestingToken', true, (api) => api.createTestingToken()],
    ['GetOrganizationRole', true, (api) => api.getRole('role_1')],
    ['GetJWKS', true, (api) => api.getJwks()],
  ])('happens to %s: %s', async (operation, repeated, call) => {
    const { api, waits } = client()
    clerk.faults.set(operation, { status: 503, headers: { 'retry-after': '1' } })
    expect(await refusal(call(api))).toMatchObject({ status: 503, retryAfterSeconds: 1 })
    expect(waits.map((ms) => Math.floor(ms / 1000))).toEqual(repeated ? [1, 1] : [])
  })

  it.each([400, 401, 403, 404, 422])('never happens after %i', async (status) => {
    const { api, waits } = client()
    clerk.faults.set('GET /v1/users/count', { status })
    expect(await refusal(api.countUsers())).toMatchObject({ status })
    expect(waits).toEqual([])
  })

  it('waits at least for Retry-After, and leaves a long one to the caller', async () => {
    const { api, waits } = client()
    clerk.faults.set('GET /v1/users/count', { status: 429, headers: { 'retry-after': '1' }, times: 1 })
    await api.countUsers()
    expect(waits).toEqual([1100])
    clerk.faults.set('GET /v1/users/count', { status: 429, headers: { 'retry-after': '30' } })
    expect(await refusal(api.countUsers())).toMatchObject({ status: 429, retryAfterSeconds: 30 })
    expect(waits).toHaveLength(1)
  })

  it('is what a scan does patiently', async () => {
    const { api, waits } = client()
    clerk.faults.set('GET /v1/users', { status: 429, headers: { 'retry-after': '10' }, times: 5 })
    await all(api.eachUser())
    expect(waits.map((ms) => Math.floor(ms / 1000))).toEqual([10, 10, 10, 10, 11])
  })

  it('takes a deletion that was answered 404 the second time for done', async () => {
    const { api } = client()
    const { clerkId } = await api.createUser({ emailAddress: ['gone@example.com'] })
    await expect(api.deleteUser('user_never_was')).rejects.toThrow(ClerkApiError)
    const answers = [500, 404]
    const own = createClerkApi(
      {
        apiUrl: clerk.url,
        secretKey: 'sk_test_x',
        api: LIMITS,
        now: Date.now,
        fetch: async () => new Response('{}', { status: answers.shift() ?? 200 }),
      },
      createObserver(Date.now),
      { sleep: async () => undefined, gate: openGate },
    )
    await own.deleteUser(clerkId)
    expect(answers).toEqual([])
  })

  it('reads Retry-After as seconds or as a date (RFC 9110 §10.2.3), and nothing else', () => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    expect(retryAfterSeconds('7', now)).toBe(7)
    expect(retryAfterSeconds('Thu, 01 Jan 2026 00:00:09 GMT', now)).toBe(9)
    expect(retryAfterSeconds('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
    for (const header of [null, '', '-1', '1.5', 'soon', '1e9', '99999999999']) {
      expect(retryAfterSeconds(header, now), String(header)).toBeUndefined()
    }
  })
})

describe('an answer of Clerk’s', () => {
  let server: Server
  let answer: { status?: number; headers?: Record<string, string>; body?: string | Buffer }
  let hits: string[]
  beforeAll(async () => {
    server = createServer((req, res) => {
      hits.push(`${req.method} ${req.url}`)
      res.writeHead(answer.status ?? 200, answer.headers)
      res.end(answer.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => server.close())
  const here = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = (reply: typeof answer) => {
    answer = reply
    hits = []
    return refusal(client({ apiUrl: here() }).api.getUser('user_1'))
  }

  it('is not followed elsewhere: the secret key stays here', async () => {
    const error = await ask({ status: 302, headers: { location: `${here()}/stolen` } })
    expect(error).toMatchObject({ status: 302 })
    expect(hits).toEqual(['GET /v1/users/user_1'])
  })

  it.each([
    ['HTML', { body: '<html>' }],
    ['nothing', { body: '' }],
    ['an array', { body: '[]' }],
    ['invalid UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]) }],
    ['another shape', { body: '{"id":7}' }],
    ['good but more than 32 MiB', { body: JSON.stringify(userJson('user_1')).padEnd(33 * 1024 * 1024) }],
  ])('that is %s is none (status 0)', async (_, reply) => {
    expect(await ask(reply)).toMatchObject({ status: 0, codes: [] })
  })

  it('that is an error is passed on as codes and trace id, never as its message', async () => {
    const error = await ask({
      status: 422,
      body: JSON.stringify({
        errors: [
          {
            code: 'form_identifier_exists',
            message: 'ann@example.com is taken',
            long_message: 'ann@example.com is taken',
            meta: { param_name: 'email_address' },
          },
          { code: 'ann@example.com' },
          7,
        ],
        clerk_trace_id: 'abc123',
      }),
    })
    expect(error).toMatchObject({ status: 422, codes: ['form_identifier_exists'], traceId: 'abc123' })
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toMatch(
      /ann@|sk_test/,
    )
  })

  it('is an error whatever stands in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.constantFrom(400, 404, 422), async (body, status) => {
        expect((await ask({ status, body })).status).toBe(status)
      }),
      { numRuns: 50 },
    )
  })
})

describe('without being sent', () => {
  it('a call is refused that has no secret key', async () => {
    const { api } = client({ secretKey: null })
    await expect(api.getUser('user_1')).rejects.toThrow(ConfigurationError)
    await expect(all(api.eachUser())).rejects.toThrow(/CLERK_SECRET_KEY/)
  })

  it('a call is refused whose id is none', async () => {
    const { api } = client()
    const before = clerk.requests.length
    for (const id of [
      '',
      '.',
      '..',
      'a/b',
      'a%2fb',
      'user_1?x',
      'user_1#',
      'ü',
      'x'.repeat(256),
      { $ne: null },
      null,
    ]) {
      const error = await refusal(api.getUser(id as string))
      expect(error).toMatchObject({ status: 400, codes: ['invalid_id'] })
      if (typeof id === 'string' && id.length > 2) expect(error.message).not.toContain(id)
    }
    expect(clerk.requests.length).toBe(before)
  })
})
