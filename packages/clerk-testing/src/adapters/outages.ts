import { deepStrictEqual as deepEqual, strictEqual as equal, ok } from 'node:assert'
import type { Clerk, ClerkOptions } from '@acme/clerk-core'
import { signWebhook } from '../webhooks/sign.js'
import type { AdapterBinding, RunningApp } from './binding.js'
import { eventually, expectIncludes, expectSame } from './expect.js'
import { faultyStores } from './faulty-stores.js'
import { createHarness, type Harness, type Person } from './harness.js'
import { type RawResponse, request } from './http.js'
import { onTestFinished, type RunnerWithClerk } from './runner.js'
import { cookiesOf, send } from './send.js'
import { SessionTable } from './session-table.js'
import { startApp } from './start.js'
import { timed } from './timed.js'

const TIMEOUT_SECONDS = 0.5
const TIMEOUT_MS = TIMEOUT_SECONDS * 1000
/** Less than another timeout. */
const SLACK_MS = 400
const GRACE_SECONDS = 300

/** What an application notices of a database that is silent, or takes no writes. */
export function outageTests({ test, offline }: RunnerWithClerk, binding: AdapterBinding): void {
  test('a database that hangs costs a user who is known the timeout once, and it goes on when it answers', async () => {
    const { apps, harness, faults } = await open()
    const [app] = apps
    const ask = () => send(app, '/private', { bearer: harness.ada.token })
    equal((await ask()).status, 200)
    faults.hang()
    harness.advance(3)
    const first = await timed(ask)
    deepEqual([first.value.status, first.ms < TIMEOUT_MS + SLACK_MS], [200, true])
    deepEqual(await answersAtOnce(app, ask, () => harness.advance(0.2)), new Set([200]))
    // It answers again: the same process goes on, though what hangs is never answered.
    faults.repair()
    const unknown = () => send(app, '/private', { bearer: harness.bob.token })
    await eventually(async () => equal((await unknown()).status, 200))
    equal((await ask()).status, 200)
  })

  test('a user who is not known gets 503 after the timeout once, then at once, and is let in afterwards', async () => {
    const { apps, harness, faults } = await open()
    const [app] = apps
    await send(app, '/open', { bearer: harness.ada.token })
    const ask = () => send(app, '/private', { bearer: harness.bob.token })
    faults.hang()
    harness.advance(3)
    const first = await timed(ask)
    deepEqual([first.value.status, first.ms < TIMEOUT_MS + SLACK_MS], [503, true])
    deepEqual(await answersAtOnce(app, ask), new Set([503]))
    faults.repair()
    await eventually(async () => equal((await ask()).status, 200))
  })

  if (!binding.sessions.includes('server')) return

  test('a database that hangs leaves a session as it is; a session store that hangs as well holds up no sign-out', async () => {
    const { apps, harness, faults, table } = await open()
    const [app] = apps
    const cookies = await signedIn(app, harness.ada)
    faults.hang()
    harness.advance(3)
    const first = await timed(() => send(app, '/private', { cookies }))
    deepEqual([first.value.status, first.ms < TIMEOUT_MS + SLACK_MS], [200, true])
    deepEqual(await answersAtOnce(app, () => send(app, '/private', { cookies })), new Set([200]))
    table.fallSilent('set', 'destroy')
    // A sign-out can neither be recorded nor be stored, and says so in time.
    const out = await timed(() => send(app, '/auth/sign-out', { cookies, method: 'POST' }))
    equal(out.value.status, 503)
    ok(out.ms < 2 * TIMEOUT_MS + SLACK_MS, String(out.ms))
    // Its row is still there, and cannot be dropped.
    const after = await timed(() => send(app, '/private', { cookies }))
    equal(after.value.status, 401)
    ok(after.ms < 2 * TIMEOUT_MS + SLACK_MS, String(after.ms))
  })

  for (const remember of ['cookies', 'always'] as const) {
    test(`four requests that sign a banned user in at once start no session (${remember})`, async () => {
      const { apps, harness, faults, table, deliver } = await open({ remember })
      const { ada, bob } = harness
      for (const app of apps) await send(app, '/private', { bearer: ada.token })
      faults.refuseRows()
      equal(await deliver(harness.offline.banUser(ada.id)), 503)
      harness.advance(3)
      // Of the requests before, where they are remembered too.
      const before = new Map(table.rows)
      table.holdReads(4)
      const cookies = new Map([['theme', 'dark']])
      const answers = await Promise.all(
        [0, 1, 2, 3].map((i) => send(apps[i % 2], '/private', { cookies, token: ada.token })),
      )
      deepEqual(
        answers.map(({ status }) => status),
        [401, 401, 401, 401],
      )
      deepEqual(
        answers.filter(({ headers }) => headers['set-cookie']),
        [],
      )
      deepEqual(table.rows, before)
      // Nobody else is kept out, and they are let in again by the next row.
      faults.repair()
      equal((await send(apps[1], '/private', { cookies, token: bob.token })).status, 200)
      equal(await deliver(harness.offline.unbanUser(ada.id)), 200)
      harness.advance(3)
      for (const app of apps) {
        equal((await send(app, '/private', { cookies, token: ada.token })).status, 200)
      }
    })
  }

  test('a ban that comes while four requests sign in is in effect for the session that they leave', async () => {
    const { apps, harness, faults, table, deliver } = await open()
    const { ada } = harness
    for (const app of apps) await send(app, '/private', { bearer: ada.token })
    const cart = cookiesOf(await send(apps[0], '/cart', { method: 'POST' }))
    table.holdReads(5)
    const asked = [0, 1, 2, 3].map((i) => send(apps[i % 2], '/private', { cookies: cart, token: ada.token }))
    faults.refuseRows()
    equal(await deliver(harness.offline.banUser(ada.id)), 503)
    const fifth = send(apps[0], '/open', { cookies: cart })
    const answers = await Promise.all(asked)
    await fifth
    table.pause = () => undefined
    harness.advance(3)
    const cookies = new Map([...cart, ...answers.flatMap((answer) => [...cookiesOf(answer)])])
    for (const app of apps) {
      const { status, text } = await send(app, '/private', { cookies })
      expectSame([status, text], [401, /unauthenticated/])
    }
  })

  for (const sessions of binding.sessions) {
    test(`a sign-out that cannot be recorded is 503 until it is, and in effect here (${sessions} session)`, async () => {
      const { apps, harness, faults } = await open({ sessions })
      const [here, there] = apps
      const { ada } = harness
      const cookies = await signedIn(here, ada)
      equal((await send(there, '/private', { token: ada.token })).status, 200)
      faults.refuseLog()
      const out = () => send(here, '/auth/sign-out', { cookies, token: ada.token, method: 'POST' })
      equal((await out()).status, 503)
      const refused = async (app: RunningApp | undefined) => {
        const answers = [
          await send(app, '/private', { cookies }),
          await send(app, '/private', { cookies, token: ada.token }),
          await send(app, '/private', { bearer: ada.token }),
        ]
        return answers.map(({ status }) => status)
      }
      deepEqual(await refused(here), [401, 401, 401])
      // Nothing was recorded: to say that it was would be untrue.
      equal((await out()).status, 503)
      faults.repair()
      equal((await out()).status, 303)
      harness.advance(3)
      deepEqual(await refused(there), [401, 401, 401])
    })
  }

  interface Opened {
    readonly apps: readonly RunningApp[]
    readonly harness: Harness
    readonly faults: ReturnType<typeof faultyStores>
    readonly table: SessionTable
    /** The user's `user.updated`, to the first process. Answers the status. */
    deliver(user: object): Promise<number>
  }

  /** Two processes over one database and one session store. */
  async function open({
    remember = 'cookies',
    sessions = binding.sessions.includes('server') ? 'server' : 'none',
  }: {
    remember?: 'cookies' | 'always'
    sessions?: 'server' | 'cookie' | 'none'
  } = {}): Promise<Opened> {
    const faults = faultyStores()
    const options = {
      ...faults.stores,
      store: { timeoutSeconds: TIMEOUT_SECONDS },
      session: { remember, graceSeconds: GRACE_SECONDS },
    } as object as Partial<ClerkOptions>
    const harness = await createHarness(offline(), options)
    const other = await createHarness(offline(), { ...options, now: harness.now })
    const table = new SessionTable()
    const clerks: Clerk[] = [harness.clerk, other.clerk]
    const apps = await Promise.all(
      clerks.map((clerk) => startApp(binding, { ...harness, clerk }, { sessions, table })),
    )
    onTestFinished(async () => {
      table.pause = () => undefined
      faults.repair()
      await Promise.all(apps.map((app) => app.stop()))
      await Promise.all([harness.close(), other.close()])
    })
    let ahead = 0
    async function deliver(user: object): Promise<number> {
      ahead += 1000
      const version = Date.now() + ahead
      const data = { ...user, updated_at: version }
      const event = { object: 'event', type: 'user.updated', timestamp: version, data }
      const { headers, body } = signWebhook(event, harness.offline.webhookSecret, { now: harness.now() })
      const { status } = await harness.clerk.receiveWebhook({
        id: headers['svix-id'],
        timestamp: headers['svix-timestamp'],
        signature: headers['svix-signature'],
        body: Buffer.from(body),
      })
      return status
    }
    return { apps, harness, faults, table, deliver }
  }
}

async function signedIn(app: RunningApp | undefined, { token }: Person) {
  const cookies = new Map([['theme', 'dark']])
  const answer = await send(app, '/private', { cookies, token })
  equal(answer.status, 200)
  const all = new Map([...cookies, ...cookiesOf(answer)])
  expectIncludes(JSON.parse((await send(app, '/private', { cookies: all })).text), {
    source: 'session',
  })
  return all
}

/** The statuses of many answers, of which the median takes no longer than one that asks no store, and 10 ms. */
async function answersAtOnce(
  app: RunningApp | undefined,
  step: () => Promise<RawResponse>,
  before: () => void = () => undefined,
): Promise<Set<number>> {
  const statuses = new Set<number>()
  const later: number[] = []
  const plainly: number[] = []
  for (let i = 0; i < 41; i++) {
    before()
    // One after the other: the machine is as busy for the one as for the other.
    const plain = await timed(() => request(`${app?.origin}/auth/health`))
    const asked = await timed(step)
    plainly.push(plain.ms)
    later.push(asked.ms - plain.ms)
    statuses.add(asked.value.status)
  }
  const median = (times: number[]) => times.sort((a, b) => a - b)[20] ?? 0
  // On a busy machine everything takes longer: as much again as an empty answer is no wait.
  ok(median(later) < 10 + median(plainly), String(median(later)))
  return statuses
}
