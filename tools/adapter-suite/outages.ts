import type { Clerk, ClerkOptions } from '@acme/clerk-core'
import { type OfflineClerk, signWebhook } from '@acme/clerk-testing'
import { timed } from '@acme/tools/vitest/timed'
import { expect, onTestFinished, test } from 'vitest'
import type { AppBinding, RunningApp } from './binding.js'
import { faultyStores } from './faulty-stores.js'
import { createHarness, type Harness, PAGE, type Person } from './harness.js'
import { type RawResponse, request } from './http.js'
import { SessionTable } from './session-table.js'
import { startApp } from './start.js'

const TIMEOUT_SECONDS = 0.5
const TIMEOUT_MS = TIMEOUT_SECONDS * 1000
/** Less than another timeout. */
const SLACK_MS = 400
const GRACE_SECONDS = 300

/** What an application notices of a database that is silent, or takes no writes. */
export function outageTests(binding: AppBinding, offline: () => OfflineClerk): void {
  test('a database that hangs costs a user who is known the timeout once, and it goes on when it answers', async () => {
    const { apps, harness, faults } = await open()
    const [app] = apps
    const ask = () => send(app, '/private', { bearer: harness.ada.token })
    expect((await ask()).status).toBe(200)
    faults.hang()
    harness.advance(3)
    const first = await timed(ask)
    expect([first.value.status, first.ms < TIMEOUT_MS + SLACK_MS]).toEqual([200, true])
    expect(await answersAtOnce(app, ask, () => harness.advance(0.2))).toEqual(new Set([200]))
    // It answers again: the same process goes on, though what hangs is never answered.
    faults.repair()
    const unknown = () => send(app, '/private', { bearer: harness.bob.token })
    await expect.poll(async () => (await unknown()).status, { timeout: 10_000 }).toBe(200)
    expect((await ask()).status).toBe(200)
  })

  test('a user who is not known gets 503 after the timeout once, then at once, and is let in afterwards', async () => {
    const { apps, harness, faults } = await open()
    const [app] = apps
    await send(app, '/open', { bearer: harness.ada.token })
    const ask = () => send(app, '/private', { bearer: harness.bob.token })
    faults.hang()
    harness.advance(3)
    const first = await timed(ask)
    expect([first.value.status, first.ms < TIMEOUT_MS + SLACK_MS]).toEqual([503, true])
    expect(await answersAtOnce(app, ask)).toEqual(new Set([503]))
    faults.repair()
    await expect.poll(async () => (await ask()).status, { timeout: 10_000 }).toBe(200)
  })

  if (!binding.sessions.includes('server')) return

  test('a database that hangs leaves a session as it is; a session store that hangs as well holds up no sign-out', async () => {
    const { apps, harness, faults, table } = await open()
    const [app] = apps
    const cookies = await signedIn(app, harness.ada)
    faults.hang()
    harness.advance(3)
    const first = await timed(() => send(app, '/private', { cookies }))
    expect([first.value.status, first.ms < TIMEOUT_MS + SLACK_MS]).toEqual([200, true])
    expect(await answersAtOnce(app, () => send(app, '/private', { cookies }))).toEqual(new Set([200]))
    table.fallSilent('set', 'destroy')
    // A sign-out can neither be recorded nor be stored, and says so in time.
    const out = await timed(() => send(app, '/auth/sign-out', { cookies, method: 'POST' }))
    expect(out.value.status).toBe(503)
    expect(out.ms).toBeLessThan(2 * TIMEOUT_MS + SLACK_MS)
    // Its row is still there, and cannot be dropped.
    const after = await timed(() => send(app, '/private', { cookies }))
    expect(after.value.status).toBe(401)
    expect(after.ms).toBeLessThan(2 * TIMEOUT_MS + SLACK_MS)
  })

  for (const remember of ['cookies', 'always'] as const) {
    test(`four requests that sign a banned user in at once start no session (${remember})`, async () => {
      const { apps, harness, faults, table, deliver } = await open({ remember })
      const { ada, bob } = harness
      for (const app of apps) await send(app, '/private', { bearer: ada.token })
      faults.refuseRows()
      expect(await deliver(harness.offline.banUser(ada.id))).toBe(503)
      harness.advance(3)
      // Of the requests before, where they are remembered too.
      const before = new Map(table.rows)
      table.holdReads(4)
      const cookies = new Map([['theme', 'dark']])
      const answers = await Promise.all(
        [0, 1, 2, 3].map((i) => send(apps[i % 2], '/private', { cookies, token: ada.token })),
      )
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401])
      expect(answers.filter(({ headers }) => headers['set-cookie'])).toEqual([])
      expect(table.rows).toEqual(before)
      // Nobody else is kept out, and they are let in again by the next row.
      faults.repair()
      expect((await send(apps[1], '/private', { cookies, token: bob.token })).status).toBe(200)
      expect(await deliver(harness.offline.unbanUser(ada.id))).toBe(200)
      harness.advance(3)
      for (const app of apps) {
        expect((await send(app, '/private', { cookies, token: ada.token })).status).toBe(200)
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
    expect(await deliver(harness.offline.banUser(ada.id))).toBe(503)
    const fifth = send(apps[0], '/open', { cookies: cart })
    const answers = await Promise.all(asked)
    await fifth
    table.pause = () => undefined
    harness.advance(3)
    const cookies = new Map([...cart, ...answers.flatMap((answer) => [...cookiesOf(answer)])])
    for (const app of apps) {
      const { status, text } = await send(app, '/private', { cookies })
      expect([status, text]).toEqual([401, expect.stringContaining('unauthenticated')])
    }
  })

  for (const sessions of binding.sessions) {
    test(`a sign-out that cannot be recorded is 503 until it is, and in effect here (${sessions} session)`, async () => {
      const { apps, harness, faults } = await open({ sessions })
      const [here, there] = apps
      const { ada } = harness
      const cookies = await signedIn(here, ada)
      expect((await send(there, '/private', { token: ada.token })).status).toBe(200)
      faults.refuseLog()
      const out = () => send(here, '/auth/sign-out', { cookies, token: ada.token, method: 'POST' })
      expect((await out()).status).toBe(503)
      const refused = async (app: RunningApp | undefined) => {
        const answers = [
          await send(app, '/private', { cookies }),
          await send(app, '/private', { cookies, token: ada.token }),
          await send(app, '/private', { bearer: ada.token }),
        ]
        return answers.map(({ status }) => status)
      }
      expect(await refused(here)).toEqual([401, 401, 401])
      // Nothing was recorded: to say that it was would be untrue.
      expect((await out()).status).toBe(503)
      faults.repair()
      expect((await out()).status).toBe(303)
      harness.advance(3)
      expect(await refused(there)).toEqual([401, 401, 401])
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
  expect(answer.status).toBe(200)
  const all = new Map([...cookies, ...cookiesOf(answer)])
  expect(JSON.parse((await send(app, '/private', { cookies: all })).text)).toMatchObject({
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
  expect(median(later)).toBeLessThan(10 + median(plainly))
  return statuses
}

function cookiesOf({ headers }: RawResponse): Map<string, string> {
  const pairs = (headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '')
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

function send(
  app: RunningApp | undefined,
  path: string,
  {
    cookies = new Map(),
    token,
    bearer,
    method = 'GET',
  }: { cookies?: ReadonlyMap<string, string>; token?: string; bearer?: string; method?: string } = {},
): Promise<RawResponse> {
  const pairs = [...cookies].map(([name, value]) => `${name}=${value}`)
  if (token !== undefined) pairs.push(`__session=${token}`)
  return request(`${app?.origin}${path}`, {
    method,
    headers: {
      origin: PAGE,
      ...(pairs.length === 0 ? {} : { cookie: pairs.join('; ') }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
  })
}
