import { describe, expect, test } from 'vitest'
import { startInstance, startOffline } from '../../../testing/authority-harness.js'
import { originOfAuth } from './origin.js'

/** A service that takes every credential, and one of each that it takes. */
async function setUp() {
  const offline = await startOffline()
  const receiver = offline.createMachine({ name: 'receiver' })
  const caller = offline.createMachine({ name: 'caller', scopedMachines: [receiver.id] })
  const instance = startInstance(offline, {
    accept: { apiKeys: true, m2m: true, oauth: true },
    machineId: receiver.id,
    machineSecretKey: receiver.secret_key,
  })
  const user = offline.createUser({ firstName: 'Ada' })
  const organization = offline.createOrganization({ name: 'Acme', createdBy: user.id })
  await instance.deliver()
  const credentials = {
    'an API key': offline.createApiKey({ subject: user }).secret,
    'an opaque M2M token': (await offline.createM2MToken({ machine: caller })).token,
    'an M2M JWT': (await offline.createM2MToken({ machine: caller, tokenFormat: 'jwt' })).token,
    'an opaque OAuth token': offline.createOAuthToken({ user }).token,
    'an OAuth JWT': offline.createOAuthToken({ user, tokenFormat: 'jwt' }).token,
  }
  const ask = (bearer: string, organization?: string) =>
    instance.clerk.authenticate({ authorization: `Bearer ${bearer}`, organization })
  return { ...instance, offline, user, organization, credentials, ask }
}

describe('the same credential', () => {
  test('is answered with the same frozen Auth, as long as nothing has changed', async () => {
    const { credentials, ask } = await setUp()
    for (const [name, bearer] of Object.entries(credentials)) {
      const first = await ask(bearer)
      expect([name, first.kind]).toEqual([name, 'machine'])
      expect(await ask(bearer)).toBe(first)
      expect(Object.isFrozen(first)).toBe(true)
    }
    const auths = await Promise.all(Object.values(credentials).map((bearer) => ask(bearer)))
    expect(new Set(auths).size).toBe(auths.length)
  })

  test('has another one for another organisation, and for a row that has changed', async () => {
    const { credentials, ask, organization, user, offline, deliver } = await setUp()
    for (const name of ['an API key', 'an OAuth JWT'] as const) {
      const bearer = credentials[name]
      const first = await ask(bearer)
      const inside = await ask(bearer, organization.id)
      expect([first, inside]).toMatchObject([
        { orgId: null, organizationMismatch: false },
        { orgId: organization.id, organizationMismatch: false },
      ])
      expect(await ask(bearer, 'org_unknown')).toMatchObject({ orgId: null, organizationMismatch: true })
      expect(await ask(bearer)).toMatchObject({ orgId: null, organizationMismatch: false })
    }
    await offline.advance(1_000)
    offline.updateUser(user, { firstName: 'Augusta' })
    await deliver()
    expect(await ask(credentials['an OAuth JWT'])).toMatchObject({ user: { firstName: 'Augusta' } })
    offline.removeMember(organization, user)
    await deliver()
    expect(await ask(credentials['an OAuth JWT'], organization.id)).toMatchObject({
      organizationMismatch: true,
    })
  })

  test('is refused as soon as its user is banned', async () => {
    const { credentials, ask, offline, user, deliver } = await setUp()
    for (const bearer of Object.values(credentials)) await ask(bearer)
    offline.banUser(user)
    await deliver()
    for (const name of ['an API key', 'an opaque OAuth token', 'an OAuth JWT'] as const)
      expect(await ask(credentials[name])).toMatchObject({ kind: 'anonymous', reason: 'user-inactive' })
    expect((await ask(credentials['an M2M JWT'])).kind).toBe('machine')
  })

  test('is confirmed for longer each time that it is answered anew', async () => {
    const { credentials, ask, offline } = await setUp()
    const bearer = credentials['an OAuth JWT']
    const untilOf = (auth: object) => {
      const origin = originOfAuth(auth)
      return origin?.kind === 'machine' ? origin.until - offline.now() : null
    }
    const first = await ask(bearer)
    expect(untilOf(first)).toBe(60_000)
    await offline.advance(30_000)
    expect(untilOf(first)).toBe(30_000)
    expect(await ask(bearer)).toBe(first)
    expect(untilOf(first)).toBe(60_000)
  })

  test('has another one once Clerk has confirmed it anew', async () => {
    const { credentials, ask, offline } = await setUp()
    const bearer = credentials['an API key']
    const first = await ask(bearer)
    await offline.advance(60_000)
    const second = await ask(bearer)
    expect(second).not.toBe(first)
    expect(second).toEqual(first)
  })
})
