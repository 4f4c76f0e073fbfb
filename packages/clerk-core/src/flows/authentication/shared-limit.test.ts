import { startClerk } from '@acme/clerk-testing'
import { expect, onTestFinished, test } from 'vitest'
import { memorySlot, memoryStore, PAGE, startInstance } from '../../../testing/authority-harness.js'
import type { Auth } from '../../domain/auth/auth.js'
import type { MembershipRecord } from '../../domain/store/organization.js'
import type { UserRecord } from '../../domain/store/user.js'

const COUNT = 500
const WINDOW_MS = 10_000

type AnyAuth = Auth<UserRecord, MembershipRecord>

test('500 first sign-ins and 500 stale sessions, in two clerks, stay within 100 calls per 10 s', async () => {
  // Its windows move as the process's own clock does, and by what it is told to move.
  const offline = await startClerk({ now: () => 1_800_000_000_000 + Math.floor(performance.now()) })
  onTestFinished(() => offline.stop())
  const stores = memoryStore()
  // As a test key has them: what answers on this machine has none by itself.
  const options = { api: { concurrency: 16, requestsPer10Seconds: 100 } }
  const clerks = [0, 1].map(() => startInstance(offline, options, stores).clerk)
  const clerkOf = (index: number) => clerks[index % 2] as (typeof clerks)[number]

  const sessions: (() => Promise<AnyAuth>)[] = []
  for (let index = 0; index < COUNT; index++) {
    const user = offline.createUser()
    await stores.users.apply({ clerkId: user.id, version: 1 })
    const slot = memorySlot()
    const request = (cookie: string) =>
      clerkOf(index).authenticate({ cookie, method: 'GET', session: slot, origin: PAGE })
    expect(await request(`__session=${await offline.token(offline.createSession(user))}`)).toMatchObject({
      kind: 'user',
    })
    sessions.push(() => request('theme=dark'))
  }
  await offline.advance(301_000)
  const signIns: (() => Promise<AnyAuth>)[] = []
  for (let index = 0; index < COUNT; index++) {
    const header = await offline.authHeader(offline.createUser(), { options: { ttlSeconds: 3_000 } })
    signIns.push(() => clerkOf(index).authenticate(header))
  }

  offline.limits(true)
  let waiting = signIns.map((request) => ({ request, comesBackAt: 0 }))
  const inPerRound: number[] = []
  for (let round = 0; waiting.length > 0 && round < 40; round++) {
    const now = offline.now()
    const due = waiting.filter(({ comesBackAt }) => comesBackAt <= now)
    const [held, asked] = await Promise.all([
      Promise.all(sessions.map((request) => request())),
      Promise.all(due.map(async (one) => ({ one, auth: await one.request() }))),
    ])
    // In their window or in their grace.
    expect(held.filter(({ kind }) => kind !== 'user')).toEqual([])
    const isIn = new Set(asked.filter(({ auth }) => auth.kind === 'user').map(({ one }) => one))
    for (const { one, auth } of asked) {
      if (auth.kind === 'user') continue
      expect(auth).toMatchObject({ kind: 'unavailable', reason: 'clerk-unavailable' })
      if (auth.kind === 'unavailable') one.comesBackAt = now + auth.retryAfterSeconds * 1000
    }
    waiting = waiting.filter((one) => !isIn.has(one))
    inPerRound.push(isIn.size)
    await offline.advance(WINDOW_MS)
  }

  expect(offline.requests.filter(({ status }) => status === 429)).toEqual([])
  expect(waiting).toEqual([])
  // Nobody waits until all others are through: both kinds go on from the beginning.
  expect(inPerRound.reduce((sum, count) => sum + count)).toBe(COUNT)
  expect(inPerRound.length).toBeLessThanOrEqual(20)
}, 120_000)
