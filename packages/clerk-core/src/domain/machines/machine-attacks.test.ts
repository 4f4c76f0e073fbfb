import { describe, expect, test } from 'vitest'
import { authorize, startInstance, startOffline } from '../../../testing/authority-harness.js'

const ACCEPT = { accept: { apiKeys: true } } as const
const MACHINE = { machine: 'only' } as const
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

describe('a key passes no check that its user does not', () => {
  test('where no user is provisioned, the key of a user without a row is refused', async () => {
    const offline = await startOffline()
    const { clerk } = startInstance(offline, { ...ACCEPT, provisioning: 'off' })
    const user = offline.createUser()
    expect(await clerk.authenticate(await offline.authHeader(user))).toMatchObject({
      reason: 'user-not-provisioned',
    })
    const { secret } = offline.createApiKey({ subject: user })
    expect(authorize(await clerk.authenticate(bearer(secret)), MACHINE)).toMatchObject({ status: 401 })
  })

  test('the key of a user whom Clerk does not know any more is refused', async () => {
    const offline = await startOffline()
    const { clerk } = startInstance(offline, ACCEPT)
    const user = offline.createUser()
    const { secret } = offline.createApiKey({ subject: user })
    offline.faults.set('GET /v1/users/:id', {
      status: 404,
      body: { errors: [{ code: 'resource_not_found' }] },
    })
    expect(authorize(await clerk.authenticate(bearer(secret)), MACHINE)).toMatchObject({ status: 401 })
  })
})

describe('the organisation that a key asks for', () => {
  async function setUp() {
    const offline = await startOffline()
    const { clerk, deliver } = startInstance(offline, ACCEPT)
    const user = offline.createUser()
    const own = offline.createOrganization({ name: 'Own', createdBy: user.id })
    const foreign = offline.createOrganization({ name: 'Foreign', createdBy: offline.createUser().id })
    await deliver()
    const ask = async (subject: { id: string }, organization: string) => {
      const { secret } = offline.createApiKey({ subject })
      return authorize(await clerk.authenticate({ ...bearer(secret), organization }), MACHINE)
    }
    return { user, own, foreign, ask }
  }

  test('is refused where its user is no member of it', async () => {
    const { user, own, foreign, ask } = await setUp()
    expect(await ask(user, foreign.id)).toMatchObject({ status: 403, code: 'organization-mismatch' })
    expect(await ask(user, own.id)).toBeNull()
  })

  test('is refused where it is not the organisation of the key', async () => {
    const { own, foreign, ask } = await setUp()
    expect(await ask(own, foreign.id)).toMatchObject({ status: 403, code: 'organization-mismatch' })
    expect(await ask(own, own.id)).toBeNull()
  })
})

describe('invented keys', () => {
  test('lock out no key that this process has not seen yet', async () => {
    const offline = await startOffline()
    const { clerk } = startInstance(offline, ACCEPT)
    for (let n = 0; n < 60; n++) {
      await clerk.authenticate({ ...bearer(`ak_invented_${n}`), clientAddress: '203.0.113.9' })
    }
    const { secret } = offline.createApiKey({ subject: offline.createUser() })
    const auth = await clerk.authenticate({ ...bearer(secret), clientAddress: '198.51.100.7' })
    expect(authorize(auth, MACHINE)).toBeNull()
  })

  test('take at most a fifth of what Clerk answers in ten seconds', async () => {
    const offline = await startOffline()
    const { clerk } = startInstance(offline, ACCEPT)
    for (let n = 0; n < 200; n++) {
      const clientAddress = `203.0.113.${n}`
      await clerk.authenticate({ ...bearer(`ak_invented_${n}`), clientAddress })
    }
    // A development instance answers 100 requests per 10 seconds.
    expect(offline.requests.filter(({ path }) => path === '/api_keys/verify').length).toBeLessThanOrEqual(20)
  })
})

describe('however often a key is shown', () => {
  test.each(['verifyApiKey', 'verifyM2MToken', 'verifyOAuthAccessToken'] as const)(
    '1,000 requests in a minute cost one call of Clerk (%s)',
    async (operation) => {
      const offline = await startOffline()
      const receiver = offline.createMachine({ name: 'receiver' })
      const caller = offline.createMachine({ name: 'caller', scopedMachines: [receiver.id] })
      const { clerk } = startInstance(offline, {
        accept: { apiKeys: true, m2m: true, oauth: true },
        machineSecretKey: receiver.secret_key,
      })
      const user = offline.createUser()
      const credential = {
        verifyApiKey: async () => offline.createApiKey({ subject: user }).secret,
        verifyM2MToken: async () => (await offline.createM2MToken({ machine: caller })).token,
        verifyOAuthAccessToken: async () => offline.createOAuthToken({ user }).token,
      }
      const authorization = `Bearer ${await credential[operation]()}`
      const calls = () => offline.requests.filter((request) => request.operation === operation).length
      for (let minute = 1; minute <= 3; minute++) {
        for (let round = 0; round < 20; round++) {
          const asked = Array.from({ length: 50 }, () => clerk.authenticate({ authorization }))
          const kinds = new Set((await Promise.all(asked)).map(({ kind }) => kind))
          expect(kinds).toEqual(new Set(['machine']))
          await offline.advance(2_999)
        }
        expect(calls()).toBe(minute)
        await offline.advance(60_000 - 20 * 2_999)
      }
    },
  )
})
