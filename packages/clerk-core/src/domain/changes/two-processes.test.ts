import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startServerProcess } from '../../../testing/child-process.js'
import { serveStores } from '../../../testing/remote-stores.js'
import { createClerk } from '../../create-clerk.js'
import { fromEnv } from '../../env.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import { type MemoryStores, memoryStore } from '../store/memory/memory-store.js'

const ORIGIN = 'http://localhost:3000'
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

describe('two processes on one store', () => {
  it('a revocation, a ban and a deletion received by one are refused by the other', async () => {
    await using offline = await startClerk()
    const stores = memoryStore()
    const server = await serveStores({ ...stores }, (_, run) => run())
    closing.push(() => server.close())
    const env = { ...offline.env, CLERK_AUTHORIZED_PARTIES: ORIGIN }
    const start = async () => {
      const process = await startServerProcess('./backend-child.ts', [String(server.port)], env)
      closing.push(process.kill)
      return process
    }
    const [here, there] = await Promise.all([start(), start()])
    offline.webhooks.sendTo(`${here.url}/webhook`)

    const endings: readonly ((user: { id: string }, session: { id: string }) => unknown)[] = [
      (_, session) => offline.revokeSession(session),
      (user) => offline.banUser(user),
      (user) => offline.deleteUser(user),
    ]
    for (const end of endings) {
      const user = offline.createUser()
      const session = offline.createSession(user)
      const headers = await offline.authHeader(session)
      const ask = async () =>
        (await (await fetch(there.url, { headers })).json()) as { kind: string; reason: string }
      expect(await ask()).toMatchObject({ kind: 'user' })
      expect(await ask()).toMatchObject({ kind: 'user' })
      end(user, session)
      await offline.webhooks.settled()
      await expect.poll(ask, { timeout: 10_000, interval: 50 }).toMatchObject({ kind: 'anonymous' })
    }
  }, 60_000)
})

describe('to the millisecond', () => {
  let offline: OfflineClerk
  let stores: MemoryStores
  beforeEach(async () => {
    offline = await startClerk({ now: () => 1_800_000_000_000 })
    stores = memoryStore()
    closing.push(() => offline.stop())
  })

  /** One of several backends that share the stores and nothing else. */
  function backend() {
    const clerk = createClerk({
      ...fromEnv({ ...offline.env, CLERK_AUTHORIZED_PARTIES: ORIGIN }),
      ...stores,
      now: offline.now,
      session: { graceSeconds: 30 },
      invalidation: { pollSeconds: 2 },
    })
    closing.push(() => clerk.close())
    return clerk
  }

  async function signedIn() {
    const user = offline.createUser()
    const session = offline.createSession(user)
    return {
      user,
      session,
      credentials: await offline.authHeader(session, { options: { ttlSeconds: 3600 } }),
    }
  }

  it('the other refuses with the first request after pollSeconds, and not by looking more often', async () => {
    const [here, there] = [backend(), backend()]
    const { session, credentials } = await signedIn()
    expect((await there.authenticate(credentials)).kind).toBe('user')
    await here.signOut(session.id)
    expect(await here.authenticate(credentials)).toMatchObject({
      kind: 'anonymous',
      reason: 'session-revoked',
    })
    await offline.advance(2_000)
    expect((await there.authenticate(credentials)).kind).toBe('user')
    await offline.advance(1)
    expect(await there.authenticate(credentials)).toMatchObject({ reason: 'session-revoked' })
  })

  it('one that starts afterwards refuses with its first request', async () => {
    const { session, credentials } = await signedIn()
    await backend().signOut(session.id)
    await offline.advance(30_000)
    expect(await backend().authenticate(credentials)).toMatchObject({ reason: 'session-revoked' })
  })

  it('while the log cannot be read, answers go on for graceSeconds and then are unavailable', async () => {
    const there = backend()
    const { credentials } = await signedIn()
    expect((await there.authenticate(credentials)).kind).toBe('user')
    const { changesSince } = stores.inbox
    stores.inbox.changesSince = () => Promise.reject(new StoreUnavailableError('down'))
    await offline.advance(30_000)
    expect((await there.authenticate(credentials)).kind).toBe('user')
    await offline.advance(2_001)
    expect(await there.authenticate(credentials)).toMatchObject({
      kind: 'unavailable',
      reason: 'changes-unavailable',
    })
    expect(await backend().authenticate(credentials)).toMatchObject({ kind: 'unavailable' })
    stores.inbox.changesSince = changesSince
    await offline.advance(2_001)
    expect((await there.authenticate(credentials)).kind).toBe('user')
  })
})
