import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { json, startServer, text } from '../../../testing/http-server.js'
import { createSigner } from '../../../testing/signer.js'
import { createClerk } from '../../create-clerk.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import { settingsOf } from '../web/settings.js'

const signer = createSigner()
const MINUTE = 60_000
let down: ReadonlySet<string> = new Set()
let asked: string[] = []
let aheadMs = 0

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  down = new Set()
  asked = []
  aheadMs = 0
})
afterEach(() => {
  vi.useRealTimers()
})

/** A store of which a call fails, or never ends, as long as its name is in `down`. */
function failing<S extends object>(store: S, name: string): S {
  return new Proxy(store, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key, target)
      if (typeof method !== 'function') return method
      return (...args: unknown[]) => {
        asked.push(`${name}.${String(key)}`)
        if (down.has(`${name} hangs`)) return new Promise(() => undefined)
        if (down.has(name)) return Promise.reject(new StoreUnavailableError('down'))
        return Reflect.apply(method, target, args)
      }
    },
  })
}

async function start(options: { ping?: false } = {}) {
  const server = await startServer(json({ keys: [signer.jwk] }))
  const { users, organizations, inbox } = memoryStore()
  const { ping: _, ...pingless } = users
  const clerk = createClerk(
    {
      jwksUrl: `${server.url}/jwks`,
      secretKey: 'sk_test_abc',
      apiUrl: server.url,
      authorizedParties: 'any',
      now: () => Date.now() + aheadMs,
      session: { graceSeconds: 600 },
      store: { timeoutSeconds: 0.05 },
    },
    {
      users: failing(options.ping === false ? pingless : users, 'users') as typeof users,
      organizations: failing(organizations, 'organizations'),
      inbox: failing(inbox, 'inbox'),
    },
  )
  return {
    clerk,
    server,
    /** A second later: what was found before counts no more. */
    ready: () => {
      vi.advanceTimersByTime(1000)
      return settingsOf(clerk).isReady()
    },
    stop: async () => {
      await clerk.close()
      await server.stop()
    },
  }
}

it('a process that has what it needs is ready, until it is closed', async () => {
  const { clerk, ready, stop } = await start()
  await clerk.ready()
  expect(await ready()).toBe(true)
  await stop()
  expect(await ready()).toBe(false)
})

it.each(['users', 'organizations', 'users hangs'])(
  'without an answer of its store (%s) it is not',
  async (name) => {
    const { clerk, ready, stop } = await start()
    await clerk.ready()
    down = new Set([name])
    expect(await ready()).toBe(false)
    down = new Set()
    expect(await ready()).toBe(true)
    await stop()
  },
)

it('a store without ping is read', async () => {
  const { clerk, ready, stop } = await start({ ping: false })
  await clerk.ready()
  expect(await ready()).toBe(true)
  expect(asked).toContain('users.findByClerkId')
  down = new Set(['users'])
  expect(await ready()).toBe(false)
  await stop()
})

it('a log that cannot be read is bridged, and after the grace it is not', async () => {
  const { clerk, ready, stop } = await start()
  await clerk.ready()
  down = new Set(['inbox'])
  aheadMs = 5 * MINUTE
  expect(await ready()).toBe(true)
  aheadMs = 11 * MINUTE
  expect(await ready()).toBe(false)
  await stop()
})

it('keys are bridged while Clerk is down, and past that it is not ready; Clerk itself is never called', async () => {
  const { clerk, server, ready, stop } = await start()
  await clerk.ready()
  const verify = () => clerk.verifyToken(signer.mint({ sub: 'user_1' })).catch(() => undefined)
  server.answer = text('', 503)
  aheadMs = 14 * MINUTE
  await verify()
  expect(await ready()).toBe(true)
  aheadMs = 61 * MINUTE
  await verify()
  expect(await ready()).toBe(false)
  const before = server.requests.length
  for (let count = 0; count < 5; count++) await ready()
  expect(server.requests.length).toBe(before)
  server.answer = json({ keys: [signer.jwk] })
  // After the pause a request may ask again, so that the process may answer.
  aheadMs += MINUTE
  expect(await ready()).toBe(true)
  await stop()
})

it('keys that ran out because no request came count as no failure', async () => {
  const { clerk, ready, stop } = await start()
  await clerk.ready()
  aheadMs = 120 * MINUTE
  expect(await ready()).toBe(true)
  await stop()
})

it('one probe a second serves everybody', async () => {
  const { clerk, ready, stop } = await start()
  await clerk.ready()
  asked = []
  const { isReady } = settingsOf(clerk)
  await Promise.all(Array.from({ length: 100 }, isReady))
  vi.advanceTimersByTime(999)
  await isReady()
  expect(asked.filter((call) => call === 'users.ping')).toHaveLength(1)
  await ready()
  expect(asked.filter((call) => call === 'users.ping')).toHaveLength(2)
  await stop()
})
