import { signWebhook, startClerk } from '@acme/clerk-testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClerk } from '../../create-clerk.js'
import type { Auth } from '../../domain/auth/auth.js'
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
  }, 15_000)

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
