import { signWebhook } from '@acme/clerk-testing'
import { describe, expect, test, vi } from 'vitest'
import { memoryStore, startInstance, startOffline } from '../../../testing/authority-harness.js'
import type { Stores } from '../../options.js'

type StoreName = keyof Stores
const WITHIN = { timeout: 8_000, interval: 20 }

/** Stores whose calls wait for as long as a test says so. */
function pausedStores() {
  const inner = memoryStore()
  let pause: (name: StoreName, method: string) => Promise<unknown> | undefined = () => undefined
  const around = <S extends object>(name: StoreName, store: S): S =>
    new Proxy(store, {
      get(target, method) {
        const member: unknown = Reflect.get(target, method)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          await pause(name, String(method))
          return Reflect.apply(member, target, args)
        }
      },
    })
  return {
    inner,
    stores: {
      users: around('users', inner.users),
      organizations: around('organizations', inner.organizations),
      inbox: around('inbox', inner.inbox),
    } as typeof inner,
    hang: () => {
      pause = () => new Promise(() => undefined)
    },
    /** The first call of this name, and every one until the function answered is called. */
    hold(wanted: string): () => void {
      let release: () => void = () => undefined
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      pause = (_name, method) => (method === wanted ? released : undefined)
      return release
    },
    recover: () => {
      pause = () => undefined
    },
  }
}

/** An administrator of Acme with an open connection in a process that Clerk's events reach; another one shares its stores. */
async function setUp() {
  const offline = await startOffline()
  const { stores, ...faults } = pausedStores()
  const options = {
    store: { timeoutSeconds: 0.3 },
    invalidation: { pollSeconds: 0.01 },
    session: { graceSeconds: 600 },
  }
  const here = startInstance(offline, options, stores)
  const there = startInstance(offline, options, stores)
  const owner = offline.createUser()
  const user = offline.createUser()
  const { id: orgId } = offline.createOrganization({ name: 'Acme', createdBy: owner.id })
  offline.addMember(orgId, user.id, 'org:admin')
  await here.deliver()
  const session = offline.createSession(user.id, { organization: orgId })
  await here.deliver()
  const headers = await offline.authHeader(session, { options: { ttlSeconds: 3_600 } })
  await offline.advance(2_000)
  const auth = await here.clerk.authenticate(headers)
  expect(auth).toMatchObject({ kind: 'user', orgRole: 'org:admin' })
  await there.clerk.authenticate(headers)
  const ends: string[] = []
  const connection = here.clerk.watch(auth)
  connection.onEnd(({ reason }) => ends.push(reason))
  await connection.current()
  // A change later than the token.
  await offline.advance(2_000)
  const from = offline.webhooks.deliveries.length

  async function deliver(wanted = /./): Promise<number[]> {
    const events = offline.webhooks.deliveries.slice(from).filter(({ event }) => wanted.test(event.type))
    const statuses: number[] = []
    for (const { id, event } of events) {
      const { body, headers: sent } = signWebhook(event, offline.webhookSecret, { id, now: offline.now() })
      const { status } = await here.clerk.receiveWebhook({
        id: sent['svix-id'],
        timestamp: sent['svix-timestamp'],
        signature: sent['svix-signature'],
        body: Buffer.from(body),
      })
      statuses.push(status)
    }
    return statuses
  }
  return { offline, here, there, user, orgId, headers, ends, connection, deliver, ...faults }
}

type Scene = Awaited<ReturnType<typeof setUp>>

describe('a connection, while no call of any store is answered', () => {
  const losses: readonly [string, string, RegExp, (scene: Scene) => unknown][] = [
    ['a ban', 'user-inactive', /^user\./, ({ offline, user }) => offline.banUser(user)],
    ['a deletion', 'session-revoked', /^user\./, ({ offline, user }) => offline.deleteUser(user)],
    [
      'the loss of the membership',
      'organization-lost',
      /./,
      ({ offline, orgId, user }) => offline.removeMember(orgId, user.id),
    ],
    [
      'a demotion',
      'organization-lost',
      /./,
      ({ offline, orgId, user }) => offline.updateMembership(orgId, user.id, 'org:member'),
    ],
    [
      'the end of the organisation',
      'organization-lost',
      /^organization\./,
      ({ offline, orgId }) => offline.deleteOrganization(orgId),
    ],
  ]

  test.each(losses)('ends with %s that Clerk tells, and is not bridged', async (_, reason, events, lose) => {
    const scene = await setUp()
    const { offline, here, there, headers, ends, deliver, hang, recover } = scene
    hang()
    await lose(scene)
    expect(new Set(await deliver(events))).toEqual(new Set([503]))
    await vi.waitFor(async () => {
      // What may come with a row that is a moment late is waited for.
      await offline.advance(100)
      expect(ends).toEqual([reason])
    }, WITHIN)

    // The other process hears of it as soon as the log can be written, and does not wait for Clerk's next attempt.
    recover()
    const says = async (clerk: typeof here.clerk) => {
      await offline.advance(11)
      const auth = await clerk.authenticate(headers)
      return auth.kind === 'user' ? (auth.orgId ?? 'no organisation') : auth.kind
    }
    const refused = reason === 'organization-lost' ? 'no organisation' : 'anonymous'
    await vi.waitFor(async () => {
      expect([await says(here.clerk), await says(there.clerk)]).toEqual([refused, refused])
    }, WITHIN)
  })

  test('goes on for the grace where nothing was lost', async () => {
    const { offline, ends, connection, hang } = await setUp()
    hang()
    await offline.advance(30_000)
    await connection.current()
    expect(ends).toEqual([])
  })
})

describe('a change of a membership that takes nothing away', () => {
  test('ends no connection while its row is being written', async () => {
    const { offline, orgId, user, ends, connection, deliver, hold, recover } = await setUp()
    const release = hold('applyMembership')
    offline.updateMembership(orgId, user.id, 'org:admin')
    const delivering = deliver()
    await vi.waitFor(async () => expect(await connection.current()).toMatchObject({ orgId: null }), WITHIN)
    expect(ends).toEqual([])
    recover()
    release()
    expect(await delivering).toEqual([200])
    await offline.advance(2_000)
    await vi.waitFor(
      async () => expect(await connection.current()).toMatchObject({ orgRole: 'org:admin' }),
      WITHIN,
    )
    expect(ends).toEqual([])
  })
})
