import { setTimeout as wait } from 'node:timers/promises'
import { timed } from '@acme/tools/vitest/timed'
import { describe, expect, onTestFinished, test } from 'vitest'
import { memorySlot, memoryStore, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import type { Stores } from '../../options.js'

const TIMEOUT_SECONDS = 0.5
const TIMEOUT_MS = TIMEOUT_SECONDS * 1000
/** Less than another timeout. */
const SLACK_MS = 400
const GRACE_SECONDS = 100

type StoreName = keyof Stores

/** Stores of which every call hangs while it is told so, as behind a socket that went silent. */
function hangingStores() {
  const inner = memoryStore()
  const hanging = new Set<StoreName>()
  let release: (how: 'answer' | 'reject') => void = () => undefined
  let stuck = new Promise<'answer' | 'reject'>((resolve) => {
    release = resolve
  })
  const around = <S extends object>(name: StoreName, store: S): S =>
    new Proxy(store, {
      get(target, method) {
        const member: unknown = Reflect.get(target, method)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          if (hanging.has(name) && (await stuck) === 'reject') {
            throw new StoreUnavailableError('the connection was lost')
          }
          return Reflect.apply(member, target, args)
        }
      },
    })
  return {
    stores: {
      users: around('users', inner.users),
      organizations: around('organizations', inner.organizations),
      inbox: around('inbox', inner.inbox),
    } as typeof inner,
    hang: (...names: StoreName[]) => {
      for (const name of names) hanging.add(name)
    },
    /** New calls are answered again; those that hang stay as they are. */
    recover: () => hanging.clear(),
    release: (how: 'answer' | 'reject') => {
      release(how)
      stuck = new Promise(() => undefined)
    },
  }
}

const ALL: StoreName[] = ['users', 'organizations', 'inbox']

async function setUp() {
  const offline = await startOffline()
  const hung = hangingStores()
  const instance = startInstance(
    offline,
    { store: { timeoutSeconds: TIMEOUT_SECONDS }, session: { graceSeconds: GRACE_SECONDS } },
    hung.stores,
  )
  const bearer = async (user = offline.createUser()) => {
    const header = await offline.authHeader(user, { options: { ttlSeconds: 3_000 } })
    return () => instance.clerk.authenticate(header)
  }
  return { offline, bearer, ...hung, ...instance }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

describe('a store whose every call hangs', () => {
  test('costs a cached user the timeout once, then nothing, for as long as the grace', async () => {
    const { offline, bearer, hang } = await setUp()
    const request = await bearer()
    expect(await request()).toMatchObject({ kind: 'user' })
    hang(...ALL)
    await offline.advance(3_000)
    const first = await timed(request)
    expect(first.value).toMatchObject({ kind: 'user' })
    expect(first.ms).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    const after = []
    for (let i = 0; i < 60; i++) {
      await offline.advance(1_000)
      const { ms, value } = await timed(request)
      expect(value).toMatchObject({ kind: 'user' })
      after.push(ms)
    }
    expect(median(after)).toBeLessThan(10)
    await offline.advance(GRACE_SECONDS * 1000)
    const late = await timed(request)
    expect(late.value).toMatchObject({ kind: 'unavailable', reason: 'changes-unavailable' })
    expect(late.ms).toBeLessThan(TIMEOUT_MS)
  })

  test('costs an unknown user the timeout once, then a 503 at once, until a probe is answered', async () => {
    const { offline, bearer, hang, recover } = await setUp()
    await (await bearer())()
    const unknown = await Promise.all(Array.from({ length: 10 }, () => bearer()))
    hang(...ALL)
    await offline.advance(3_000)
    const first = await timed(unknown[0] as () => Promise<unknown>)
    expect(first.value).toMatchObject({ kind: 'unavailable' })
    expect(first.ms).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    const after = []
    for (const request of unknown) {
      const { ms, value } = await timed(request)
      expect(value).toMatchObject({ kind: 'unavailable', reason: 'store-unavailable' })
      after.push(ms)
    }
    expect(median(after)).toBeLessThan(10)
    // The calls that hang are never answered: new ones are.
    recover()
    for (const request of unknown) {
      await expect.poll(request, { timeout: 10_000 }).toMatchObject({ kind: 'user' })
    }
  })

  test('lets the user whose lookup hung in again as soon as it answers, in the same process', async () => {
    const { bearer, hang, recover } = await setUp()
    await (await bearer())()
    const request = await bearer()
    hang('users')
    const waiting = Array.from({ length: 20 }, request)
    for (const auth of await Promise.all(waiting)) expect(auth).toMatchObject({ kind: 'unavailable' })
    recover()
    await expect.poll(request, { timeout: 10_000 }).toMatchObject({ kind: 'user' })
  })

  test('of which one hangs does not keep the others from answering', async () => {
    const { bearer, hang, offline } = await setUp()
    await (await bearer())()
    hang('inbox')
    await offline.advance(3_000)
    for (let i = 0; i < 5; i++) expect(await (await bearer())()).toMatchObject({ kind: 'user' })
  })

  test.each(['answer', 'reject'] as const)('and then %ss late leaves nothing behind', async (how) => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    onTestFinished(() => void process.off('unhandledRejection', note))
    const { bearer, hang, recover, release, clerk } = await setUp()
    await (await bearer())()
    const request = await bearer()
    hang(...ALL)
    expect(await request()).toMatchObject({ kind: 'unavailable' })
    await expect(clerk.signOut('sess_1')).rejects.toThrow(StoreUnavailableError)
    recover()
    release(how)
    await expect.poll(request, { timeout: 10_000 }).toMatchObject({ kind: 'user' })
    await wait(1)
    expect(unhandled).toEqual([])
  })

  test.each<[string, (instance: Awaited<ReturnType<typeof setUp>>) => Promise<unknown>]>([
    ['signOut', ({ clerk }) => clerk.signOut('sess_1')],
    ['users.forget', ({ clerk }) => clerk.users.forget('user_1')],
    ['users.get', ({ clerk }) => clerk.users.get('user_1')],
    ['users.refresh', ({ clerk, offline }) => clerk.users.refresh(offline.createUser().id)],
    ['organizations.get', ({ clerk }) => clerk.organizations.get('org_1')],
    ['organizations.getMembership', ({ clerk }) => clerk.organizations.getMembership('org_1', 'user_1')],
    ['organizations.listMemberships', ({ clerk }) => clerk.organizations.listMemberships('user_1')],
    ['organizations.forget', ({ clerk }) => clerk.organizations.forget('org_1')],
    ['ready', ({ clerk }) => clerk.ready()],
  ])('%s rejects within the timeout', async (_name, call) => {
    const instance = await setUp()
    instance.hang(...ALL)
    const { ms, value } = await timed(() => call(instance).then(String, (error: unknown) => error))
    expect(value).toBeInstanceOf(StoreUnavailableError)
    expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS)
  })

  test('a webhook is answered 503 within the timeout, and processed when it comes again', async () => {
    const instance = await setUp()
    const { offline, hang, recover, deliver, stores } = instance
    const user = offline.createUser()
    hang(...ALL)
    const { ms, value } = await timed(() => deliver().then(String, (error: unknown) => String(error)))
    expect(value).toContain('503')
    expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    recover()
    // Another process; nothing is left of the first one's attempt that would keep it away.
    await startInstance(offline, {}, stores).deliver()
    expect(await stores.users.findByClerkId(user.id)).toMatchObject({ clerkId: user.id })
  })

  test('check() and close() end', async () => {
    const { clerk, hang } = await setUp()
    hang(...ALL)
    const { value } = await timed(() => clerk.check())
    expect(value.map(({ code }) => code)).toEqual(
      expect.arrayContaining(ALL.map((name) => `store-unreachable-${name}`)),
    )
    const { ms } = await timed(() => clerk.close())
    expect(ms).toBeLessThan(15_000)
  })

  test('a session and its membership: a request that asks all three does not wait three times', async () => {
    const { offline, clerk, bearer, hang } = await setUp()
    await (await bearer())()
    const user = offline.createUser()
    const session = offline.createSession(user)
    hang(...ALL)
    await offline.advance(3_000)
    const slot = memorySlot()
    const cookie = `__session=${await offline.token(session)}`
    const { ms, value } = await timed(() =>
      clerk.authenticate({
        cookie,
        method: 'GET',
        session: slot,
        origin: 'http://localhost:3000',
        organization: 'org_1',
      }),
    )
    expect(value).toMatchObject({ kind: 'unavailable' })
    expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS)
  })
})
