import type { OfflineClerk } from '@acme/clerk-testing'
import { describe, expect, test } from 'vitest'
import {
  authorize,
  memorySlot,
  memoryStore,
  PAGE,
  startInstance,
  startOffline,
} from '../../../testing/authority-harness.js'

type Instance = ReturnType<typeof startInstance>
const STRICT = { reverification: 'strict' } as const

async function signedIn(
  offline: OfflineClerk,
  { clerk }: Instance,
  token: Parameters<OfflineClerk['token']>[1] = {},
) {
  const user = offline.createUser()
  const session = offline.createSession(user)
  const slot = memorySlot()
  const cookie = (value: string) =>
    clerk.authenticate({ cookie: value, method: 'GET', session: slot, origin: PAGE })
  const first = await cookie(`__session=${await offline.token(session, token)}`)
  return { user, session, slot, cookie, first }
}

describe('a forged __client_uat', () => {
  test.each([
    ['in the far future', 999_999_999_999],
    ['a year ahead', 1_800_000_000 + 365 * 86_400],
  ])('%s keeps no factor young', async (_name, uat) => {
    const offline = await startOffline()
    const instance = startInstance(offline)
    const { cookie } = await signedIn(offline, instance)
    for (let minute = 0; minute < 120; minute++) {
      await offline.advance(59_000)
      await cookie(`__client_uat=${uat}`)
    }
    const auth = await cookie(`__client_uat=${uat}`)
    expect(authorize(auth, {})).toBeNull()
    expect(authorize(auth, STRICT)).toMatchObject({ status: 403 })
  })

  test('costs Clerk no request while the record is fresh', async () => {
    const offline = await startOffline()
    const { cookie } = await signedIn(offline, startInstance(offline))
    const asked = () => offline.requests.filter(({ path }) => path.startsWith('/v1/sessions/')).length
    for (let second = 0; second < 5; second++) {
      await offline.advance(2_000)
      await cookie('__client_uat=999999999999')
    }
    expect(asked()).toBe(0)
  })
})

test('a short window keeps no factor young either', async () => {
  const offline = await startOffline()
  const { cookie } = await signedIn(
    offline,
    startInstance(offline, { session: { revalidateAfterSeconds: 30 } }),
  )
  for (let step = 0; step < 30; step++) {
    await offline.advance(59_000)
    await cookie('theme=dark')
  }
  const auth = await cookie('theme=dark')
  expect(authorize(auth, {})).toBeNull()
  expect(authorize(auth, STRICT)).toMatchObject({ status: 403 })
})

test('the factors of a token that lives for a day grow old with it', async () => {
  const offline = await startOffline()
  const { clerk } = startInstance(offline)
  const header = await offline.authHeader(offline.createUser(), { options: { ttlSeconds: 86_000 } })
  expect(authorize(await clerk.authenticate(header), STRICT)).toBeNull()
  await offline.advance(15 * 60_000)
  expect(authorize(await clerk.authenticate(header), STRICT)).toMatchObject({ status: 403 })
})

test('plan and features are not carried past window and grace by asking Clerk', async () => {
  const offline = await startOffline()
  const claims = { plans: ['u:pro'], features: ['u:dashboard'] }
  const { cookie, first } = await signedIn(offline, startInstance(offline), { claims })
  expect(authorize(first, { plan: 'pro', feature: 'dashboard' })).toBeNull()
  for (let step = 0; step < 3; step++) {
    await offline.advance(250_000)
    await cookie('theme=dark')
  }
  const auth = await cookie('theme=dark')
  expect(authorize(auth, {})).toBeNull()
  expect(authorize(auth, { plan: 'pro' })).toMatchObject({ status: 403 })
  expect(authorize(auth, { feature: 'dashboard' })).toMatchObject({ status: 403 })
})

describe('a second backend that shares the session', () => {
  test.each([
    ['another audience', {}, { audience: 'second' }, {}],
    ['other parties', {}, { authorizedParties: ['https://other.example'] }, {}],
    ['no pending sessions', { allowPending: true }, {}, { claims: { sts: 'pending' } }],
  ] as const)(
    'with %s leaves the record unused, and does not end it',
    async (_name, first, second, token) => {
      const offline = await startOffline()
      const stores = memoryStore()
      const here = startInstance(offline, first, stores)
      const there = startInstance(offline, second, stores)
      const { slot } = await signedIn(offline, here, token)
      expect(slot.held.record).toBeDefined()
      const auth = await there.clerk.authenticate({ cookie: 'theme=dark', method: 'GET', session: slot })
      expect(auth.kind).toBe('anonymous')
      expect(slot.held.record).toBeDefined()
    },
  )

  test('with a stricter azp rule leaves a record of a token without azp unused', async () => {
    const offline = await startOffline()
    const stores = memoryStore()
    const here = startInstance(offline, { allowMissingAzp: true }, stores)
    const there = startInstance(offline, {}, stores)
    const slot = memorySlot()
    const header = await offline.authHeader(offline.createUser(), { azp: null })
    const seen = { cookie: 'theme=dark', method: 'GET', session: slot }
    expect((await here.clerk.authenticate({ ...header, ...seen })).kind).toBe('user')
    expect((await here.clerk.authenticate(seen)).kind).toBe('user')
    expect((await there.clerk.authenticate(seen)).kind).toBe('anonymous')
    expect((await here.clerk.authenticate(seen)).kind).toBe('user')
  })

  test.each([
    ['lists the page by name', [PAGE], 'user'],
    ['lists another page', ['https://other.example'], 'anonymous'],
    ['lists it by a pattern alone', ['http://localhost:*'], 'anonymous'],
    ['lists none', 'any', 'anonymous'],
  ] as const)('that %s uses a record that the page stood for accordingly', async (_name, parties, kind) => {
    const offline = await startOffline()
    const stores = memoryStore()
    const here = startInstance(offline, { authorizedParties: [PAGE] }, stores)
    const there = startInstance(offline, { authorizedParties: parties }, stores)
    const { slot, first } = await signedIn(offline, here, { azp: null })
    expect(first.kind).toBe('user')
    expect(slot.held.record).toMatchObject({ azp: null, azpMissing: `listed-origin:${PAGE}` })
    const seen = { cookie: 'theme=dark', method: 'GET', session: slot }
    expect((await there.clerk.authenticate(seen)).kind).toBe(kind)
    expect((await here.clerk.authenticate(seen)).kind).toBe('user')
  })

  test.each([
    ['a navigation', { fetchDest: 'document', fetchSite: 'none' }, 'navigation'],
    ['a request of the same origin', { fetchDest: 'empty', fetchSite: 'same-origin' }, 'same-origin'],
  ] as const)('uses a record that %s stood for, as it would the token', async (_name, headers, excuse) => {
    const offline = await startOffline()
    const stores = memoryStore()
    const here = startInstance(offline, {}, stores)
    const there = startInstance(offline, { authorizedParties: ['https://other.example'] }, stores)
    const slot = memorySlot()
    const token = await offline.token(offline.createSession(offline.createUser()), { azp: null })
    const given = { method: 'GET', session: slot }
    await here.clerk.authenticate({ ...given, ...headers, cookie: `__session=${token}` })
    expect(slot.held.record).toMatchObject({ azpMissing: excuse })
    const seen = { ...given, cookie: 'theme=dark' }
    expect((await there.clerk.authenticate(seen)).kind).toBe('user')
  })
})

test('a pending session is remembered as pending: no guard takes it that would not take its token', async () => {
  const offline = await startOffline()
  const { cookie, first } = await signedIn(offline, startInstance(offline, { allowPending: true }), {
    claims: { sts: 'pending' },
  })
  expect(authorize(first, {})).toMatchObject({ status: 401 })
  expect(authorize(await cookie('theme=dark'), {})).toMatchObject({ status: 401 })
})

test('claims of a token of another version are decoded alike by the token and the record', async () => {
  const offline = await startOffline()
  const instance = startInstance(offline)
  const org = offline.createOrganization({ name: 'Org' })
  const claims = {
    v: 3,
    o: { id: org.id, rol: 'member' },
    org_permissions: ['org:invoices:manage'],
    org_id: org.id,
    org_role: 'org:admin',
  }
  const { cookie, first } = await signedIn(offline, instance, { claims })
  const said = authorize(first, { permission: 'org:invoices:manage' })
  expect(said).not.toBeNull()
  expect(authorize(await cookie('theme=dark'), { permission: 'org:invoices:manage' })).toEqual(said)
})
