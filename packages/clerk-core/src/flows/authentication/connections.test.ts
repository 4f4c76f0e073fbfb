import { inspect } from 'node:util'
import { signWebhook, startClerk } from '@acme/clerk-testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClerk } from '../../create-clerk.js'
import type { Auth, UserAuth } from '../../domain/auth/auth.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import { fromEnv } from '../../env.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import type { ClerkOptions } from '../../options.js'

const ORIGIN = 'http://localhost:3000'
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

/** Two processes on one store: connections are watched by the first, webhooks come to the second. */
async function setUp(options: Partial<ClerkOptions> = {}) {
  const offline = await startClerk({ now: () => 1_800_000_000_000 })
  const stores = memoryStore()
  const [watching, receiving] = [0, 1].map(() =>
    createClerk({
      ...fromEnv({ ...offline.env, CLERK_AUTHORIZED_PARTIES: ORIGIN }),
      ...stores,
      session: { revalidateAfterSeconds: 300, graceSeconds: 120 },
      // Real time between two looks at the log; the clock that counts is the offline Clerk's.
      invalidation: { pollSeconds: 0.01 },
      now: offline.now,
      ...(options as object),
    }),
  ) as [ReturnType<typeof createClerk>, ReturnType<typeof createClerk>]
  closing.push(
    () => watching.close(),
    () => receiving.close(),
    () => offline.stop(),
  )
  const ada = offline.createUser({ firstName: 'Ada' })
  const org = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
  const session = offline.createSession(ada)
  const { authorization } = await offline.authHeader(session, { azp: ORIGIN, organization: org })
  const auth = (await watching.authenticate({ authorization })) as Auth<never, never>
  expect(auth.kind).toBe('user')

  const ends: string[] = []
  const connection = watching.watch(auth)
  const stop = connection.onEnd(({ reason }) => ends.push(reason))
  const sent = new Set<string>()
  const deliver = async () => {
    for (const delivery of offline.webhooks.deliveries.filter(({ id }) => !sent.has(id))) {
      sent.add(delivery.id)
      const { headers, body } = signWebhook(delivery.event, offline.webhookSecret, {
        id: delivery.id,
        now: offline.now(),
      })
      const { status } = await receiving.receiveWebhook({
        id: headers['svix-id'],
        timestamp: headers['svix-timestamp'],
        signature: headers['svix-signature'],
        body: Buffer.from(body),
      })
      expect(status).toBe(200)
    }
  }
  await deliver()
  return { offline, stores, watching, auth, connection, ada, org, session, ends, stop, deliver }
}

const soon = (ends: string[], expected: string[]) =>
  vi.waitFor(() => expect(ends).toEqual(expected), { timeout: 4000, interval: 5 })

describe('a watched connection', () => {
  it('ends when the session is revoked, though another process received the webhook', async () => {
    const { offline, session, ends, deliver } = await setUp()
    offline.revokeSession(session)
    await deliver()
    await offline.advance(20)
    await soon(ends, ['session-revoked'])
  })

  it('ends when the user is banned', async () => {
    const { offline, ada, ends, deliver } = await setUp()
    await offline.advance(1000)
    offline.banUser(ada)
    await deliver()
    await offline.advance(20)
    await vi.waitFor(() => expect(ends).toHaveLength(1), { timeout: 4000 })
    expect(['user-inactive', 'session-revoked']).toContain(ends[0])
  })

  it('ends when the organisation is lost', async () => {
    const { offline, ada, org, ends, deliver } = await setUp()
    await offline.advance(1000)
    offline.removeMember(org, ada)
    await deliver()
    await offline.advance(20)
    await soon(ends, ['organization-lost'])
  })

  it('is asked about at Clerk when its window ends, and goes on while the session is active', async () => {
    const { offline, session, ends } = await setUp()
    const asked = () => offline.requests.filter(({ path }) => path === `/v1/sessions/${session.id}`).length
    await offline.advance(301_000)
    await vi.waitFor(() => expect(asked()).toBe(1), { timeout: 4000 })
    expect(ends).toEqual([])
    offline.revokeSession(session)
    await offline.advance(301_000)
    await soon(ends, ['session-revoked'])
  })

  it('survives an outage of Clerk for the grace, and no longer', async () => {
    const { offline, ends } = await setUp()
    offline.faults.set('*', { status: 503 })
    await offline.advance(301_000)
    const outage = offline.now()
    await vi.waitFor(
      async () => {
        if (ends.length === 0) await offline.advance(10_000)
        expect(ends).toEqual(['unavailable'])
      },
      { timeout: 10_000, interval: 100 },
    )
    expect(offline.now() - outage).toBeGreaterThanOrEqual(120_000)
  })

  it('without a secret key ends with its window: the session cannot be checked', async () => {
    const { offline, ends } = await setUp({ secretKey: undefined, provisioning: 'claims' })
    await offline.advance(301_000)
    await soon(ends, ['revalidation-failed'])
  })

  it('is closed in an outage of the inbox although the callback of another one throws', async () => {
    const { offline, stores, auth, watching, ends } = await setUp()
    stores.inbox.changesSince = () => Promise.reject(new StoreUnavailableError('down'))
    watching.watch(auth).onEnd(() => {
      ends.push('one that throws')
      throw new Error('a socket that is gone')
    })
    const last: [number, string][] = []
    watching.watch(auth).onEnd(({ code, reason }) => last.push([code, reason]))
    await offline.advance(121_000)
    // Closed within ten seconds, not at one moment.
    await vi.waitFor(
      async () => {
        await offline.advance(1_000)
        expect(last).toEqual([[1013, 'unavailable']])
        expect([...ends].sort()).toEqual(['one that throws', 'unavailable'])
      },
      { timeout: 4000, interval: 20 },
    )
  })

  it('is forgotten when it closes by itself', async () => {
    const { offline, session, ends, stop, deliver } = await setUp()
    stop()
    offline.revokeSession(session)
    await deliver()
    await offline.advance(10_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(ends).toEqual([])
  })
})

describe('who is asking over a connection', () => {
  it('is what is true now, and the same object until something changes', async () => {
    const { offline, connection, ada, org, ends, deliver } = await setUp()
    const opened = (await connection.current()) as UserAuth
    expect(opened).toMatchObject({ orgRole: 'org:admin', claims: { sub: ada.id } })
    expect(await connection.current()).toBe(opened)
    await offline.advance(1000)
    offline.updateMembership(org, ada, 'org:member')
    await deliver()
    await offline.advance(20)
    await vi.waitFor(async () =>
      expect(await connection.current()).toMatchObject({ kind: 'user', orgRole: 'org:member' }),
    )
    expect(ends).toEqual([])
    expect(connection.ended).toBeNull()
  })

  it('has factors as old as they are', async () => {
    const { offline, connection } = await setUp()
    const isStrict = async () => ((await connection.current()) as UserAuth).has({ reverification: 'strict' })
    expect(await isStrict()).toBe(true)
    await offline.advance(11 * 60_000)
    expect(await isStrict()).toBe(false)
  })

  it('has claims only for as long as a session would bridge', async () => {
    const { offline, connection } = await setUp()
    await offline.advance(419_000)
    expect(await connection.current()).toMatchObject({ source: 'token', claims: { v: 2 } })
    await offline.advance(2_000)
    expect(await connection.current()).toMatchObject({ source: 'session', claims: undefined })
  })

  it('is anonymous after the end, and the signal says why', async () => {
    const { offline, connection, session, ends, deliver } = await setUp()
    const { signal } = connection
    offline.revokeSession(session)
    await deliver()
    await offline.advance(20)
    await soon(ends, ['session-revoked'])
    expect(await connection.current()).toMatchObject({ kind: 'anonymous', reason: 'session-revoked' })
    expect(signal.reason).toBe(connection.ended)
    expect(connection.ended).toMatchObject({ code: 4401, denial: { status: 401 } })
    const late: string[] = []
    connection.onEnd(({ reason }) => late.push(reason))
    expect(late).toEqual(['session-revoked'])
  })

  it('is unavailable in an outage that lasts longer than the grace, and nothing is kept for it', async () => {
    const { offline, connection, stores } = await setUp()
    const { findMembership } = stores.organizations
    stores.organizations.findMembership = () => Promise.reject(new StoreUnavailableError('down'))
    await offline.advance(901_000)
    expect(await connection.current()).toMatchObject({ kind: 'unavailable', reason: 'store-unavailable' })
    stores.organizations.findMembership = findMembership
    await offline.advance(1_000)
    expect(await connection.current()).toMatchObject({ kind: 'user' })
  })

  it('cannot be asked of a copy of an auth', async () => {
    const { watching, auth } = await setUp()
    expect(() => watching.watch({ ...auth } as typeof auth)).toThrow(TypeError)
  })

  it('nothing of what an auth was made of can be read from it', async () => {
    const { auth } = await setUp()
    expect(inspect(auth, { showHidden: true, depth: 9 })).not.toMatch(/asOf|checkedAt|origin/i)
    expect(Reflect.ownKeys(auth)).not.toContainEqual(expect.any(Symbol))
  })
})

describe('a part of a connection', () => {
  async function* naturals() {
    for (let n = 0; ; n++) {
      yield n
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  it('ends singly when its own requirement does', async () => {
    const { offline, connection, ada, org, ends, deliver } = await setUp()
    const read: number[] = []
    const reading = (async () => {
      for await (const value of connection.whileAllowed(naturals(), { role: 'admin' })) read.push(value)
    })()
    const denied = expect(reading).rejects.toMatchObject({
      name: 'AccessEndedError',
      end: { code: 4401, reason: 'requirement-failed', denial: { status: 403, code: 'forbidden' } },
    })
    await vi.waitFor(() => expect(read.length).toBeGreaterThan(3))
    await offline.advance(1000)
    offline.updateMembership(org, ada, 'org:member')
    await deliver()
    await offline.advance(20)
    await denied
    expect(ends).toEqual([])
    // What everybody may read goes on.
    const others = connection.whileAllowed(naturals())
    expect((await others.next()).value).toBe(0)
    await others.return()
  })

  it('ends where the source waits for ever, and with the whole connection', async () => {
    const { offline, connection, session, deliver } = await setUp()
    async function* silent(): AsyncGenerator<never> {
      await new Promise(() => undefined)
    }
    const waiting = connection.whileAllowed(silent()).next()
    const ended = expect(waiting).rejects.toMatchObject({ end: { reason: 'session-revoked' } })
    offline.revokeSession(session)
    await deliver()
    await offline.advance(20)
    await ended
  })

  it('returns with its source, and what the source throws is passed on', async () => {
    const { connection } = await setUp()
    async function* two() {
      yield 1
      yield 2
    }
    const values: number[] = []
    for await (const value of connection.whileAllowed(two())) values.push(value)
    expect(values).toEqual([1, 2])
    async function* broken(): AsyncGenerator<number> {
      yield 1
      throw new Error('of the source')
    }
    const reading = connection.whileAllowed(broken())
    await reading.next()
    await expect(reading.next()).rejects.toThrow('of the source')
    expect(() => connection.whileAllowed(two(), { roles: 'admin' } as object)).toThrow(/requirement/)
  })
})

describe('ten thousand connections', () => {
  it('cost nothing while nothing changes, and a change those that it concerns', async () => {
    const { offline, watching, stores, auth, deliver } = await setUp()
    const bob = offline.createUser({ firstName: 'Bob' })
    await deliver()
    const { authorization } = await offline.authHeader(offline.createSession(bob), { azp: ORIGIN })
    // What was made until now is read from the log before the first connection is open.
    await deliver()
    await offline.advance(1000)
    const bobs = (await watching.authenticate({ authorization })) as Auth<never, never>
    let evaluations = 0
    const requirement = {
      predicate: () => {
        evaluations += 1
        return true
      },
    }
    for (let n = 0; n < 10_000; n++) {
      watching.watch(n < 10 ? bobs : auth, requirement).onEnd(() => expect.unreachable())
    }
    // Each is evaluated once, for now and for the end of its window.
    await vi.waitFor(() => expect(evaluations).toBe(20_000), { timeout: 20_000 })

    let looks = 0
    const { changesSince } = stores.inbox
    stores.inbox.changesSince = (...from) => {
      looks += 1
      return changesSince(...from)
    }
    const ticks = async (more: number) => {
      const until = looks + more
      await vi.waitFor(
        async () => {
          await offline.advance(20)
          expect(looks).toBeGreaterThanOrEqual(until)
        },
        { timeout: 10_000, interval: 5 },
      )
    }
    await ticks(20)
    // A minute at a time: a look that was begun before a longer jump would be older than the grace.
    for (let minute = 0; minute < 4; minute++) {
      await offline.advance(60_000)
      await ticks(5)
    }
    expect(evaluations).toBe(20_000)

    offline.updateUser(bob, { firstName: 'Robert' })
    await deliver()
    await ticks(5)
    await vi.waitFor(() => expect(evaluations).toBe(20_020))
  })

  it('are not closed at one moment after an outage', async () => {
    const { offline, watching, auth, stores } = await setUp()
    const closed: number[] = []
    for (let n = 0; n < 40; n++) {
      watching.watch(auth).onEnd(({ code }) => closed.push(code === 1013 ? offline.now() : Number.NaN))
    }
    stores.inbox.changesSince = () => Promise.reject(new StoreUnavailableError('down'))
    await offline.advance(121_000)
    const grace = offline.now()
    await vi.waitFor(
      async () => {
        await offline.advance(500)
        expect(closed).toHaveLength(40)
      },
      { timeout: 10_000, interval: 30 },
    )
    expect(new Set(closed).size).toBeGreaterThan(10)
    expect(Math.min(...closed)).toBeGreaterThanOrEqual(grace)
  })
})
