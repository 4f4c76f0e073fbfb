import { createTestIssuer } from '@acme/clerk-testing'
import { startRedis } from '@acme/tools/services'
import { describeWith } from '@acme/tools/services/vitest'
import { startStopwatch } from '@acme/tools/vitest/timed'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { createDatabase, engineOf } from './testing/databases.js'
import { type Backend, startBackend } from './testing/soak/backends.js'
import { deliver, makeUsers, type SoakUser, userEvent } from './testing/soak/traffic.js'

/** THOROUGH=1: twenty minutes. Else so long that every kind of disturbance happens twice. */
const SECONDS = process.env.THOROUGH === '1' ? 1200 : 45
const POLL_MS = 2_000
const GRACE_SECONDS = 3
/** No process may know less than this; where the database is silent answers go on for `graceSeconds`. */
const IN_TIME_MS = Math.max(POLL_MS, GRACE_SECONDS * 1000) + 500
const USERS = 24
const PARTY = 'http://localhost:3000'
const SECRET = 'whsec_c29hay1zb2FrLXNvYWstc29haw=='
const SKEWS_MS = [0, 70_000, -70_000]

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T

const cleanUp: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const end of cleanUp.reverse()) await end()
})

await describeWith('redis', 'three processes that are killed, frozen and cut off', ({ path }) => {
  describe('on PostgreSQL', () => {
    test(`lose no event, run every handler, and refuse every ban in time, for ${SECONDS} seconds`, {
      timeout: SECONDS * 1000 + 240_000,
    }, async () => {
      const database = await createDatabase(engineOf('v7-postgresql'))
      if ('missing' in database) throw new Error(database.missing)
      cleanUp.push(() => database.drop())
      const observer = new pg.Pool({ connectionString: database.url, max: 4 })
      await observer.query('CREATE TABLE handled (id TEXT PRIMARY KEY, runs INTEGER NOT NULL)')
      cleanUp.push(() => observer.end())
      const redis = await startRedis(path)
      cleanUp.push(() => redis.stop())
      const startAt = Date.now()
      // Where other work has the machine, the processes under test are late as well: the clock would measure that.
      const watch = startStopwatch()
      cleanUp.push(async () => watch.stop())
      const now = () => watch.ms
      const issuer = await createTestIssuer()
      const users = await makeUsers(USERS, issuer, { party: PARTY, startAt })
      const backends = await Promise.all(
        SKEWS_MS.map((skewMs, n) =>
          startBackend(`backend ${n}`, {
            ...{ database: new URL(database.url), handledUrl: database.url, redisUrl: redis.url, skewMs },
            ...{ pemKey: issuer.pem, issuer: issuer.issuer, webhookSecret: SECRET, party: PARTY },
            ...{ leaseSeconds: 5, graceSeconds: GRACE_SECONDS },
          }),
        ),
      )
      cleanUp.push(() => Promise.all(backends.map((backend) => backend.close())))
      /** Never killed: what it holds must not grow. */
      const steady = backends[0] as Backend
      const sent = new Map<string, SoakUser>()
      const violations: string[] = []
      const answers = { allowed: 0, refused: 0, unavailable: 0, none: 0 }
      const until = startAt + SECONDS * 1000
      const isOver = () => Date.now() > until + 120_000

      async function ask(backend: Backend, user: SoakUser): Promise<void> {
        const begunAt = now()
        // What must be known by now, whoever is asked.
        const bannedAt = user.bannedAt
        const answer = await backend.get('/me', user.authorization)
        if (answer === null) answers.none++
        else if (answer.status === 200) answers.allowed++
        else if (answer.status === 503) answers.unavailable++
        else answers.refused++
        // Unbanned meanwhile: either answer is right.
        if (bannedAt === null || user.bannedAt !== bannedAt || answer?.status !== 200) return
        if (begunAt >= bannedAt + IN_TIME_MS) {
          violations.push(
            `${user.id} entered ${backend.name} ${Math.round(begunAt - bannedAt)} ms after the ban`,
          )
        }
      }

      async function change(user: SoakUser): Promise<void> {
        if (user.banned) user.bannedAt = null
        const events = [userEvent(user, {}), userEvent(user, { banned: !user.banned }), userEvent(user, {})]
        for (const { id } of events) sent.set(id, user)
        // Out of order, and one of them twice at the same time.
        const shuffled = [...events, pick(events)].sort(() => Math.random() - 0.5)
        const acknowledged = await Promise.all(
          shuffled.map((event) => deliver(event, backends, SECRET, isOver, now)),
        )
        const times = acknowledged.filter((time) => time !== null)
        if (user.banned && times.length > 0) user.bannedAt = Math.max(...times)
      }

      async function traffic(own: readonly SoakUser[]): Promise<void> {
        while (Date.now() < until) {
          const user = pick(own)
          await change(user)
          const end = Date.now() + 4_000
          while (Date.now() < end) {
            await Promise.all(backends.map((backend) => ask(backend, user)))
            await sleep(50)
          }
        }
      }

      const disturbances: (() => Promise<void>)[] = [
        async () => {
          const victim = pick(backends.slice(1))
          await victim.kill()
          await sleep(500)
          await victim.start()
        },
        () => pick(backends).freeze(4_000),
        () => pick(backends).hush(5_000),
        async () => {
          await redis.kill()
          await sleep(1_000)
          await redis.start()
        },
      ]
      async function disturb(): Promise<void> {
        for (let n = 0; Date.now() < until; n++) {
          await disturbances[n % disturbances.length]?.()
          await sleep(1_000)
        }
      }

      // The first snapshot of everybody, before anything goes wrong.
      await Promise.all(
        users.map(async (user) => {
          const event = userEvent(user, {})
          sent.set(event.id, user)
          await deliver(event, backends, SECRET, isOver, now)
        }),
      )
      const heapAtStart = Number((await steady.get('/memory'))?.body.heapUsed)
      const groups = Array.from({ length: 4 }, (_, n) => users.filter((_user, i) => i % 4 === n))
      await Promise.all([...groups.map(traffic), disturb()])

      // Svix is silent from here on: the workers do the rest.
      const open = async () =>
        Number(
          (await observer.query(`SELECT count(*) FROM "WebhookEvent" WHERE status <> 'done'`)).rows[0].count,
        )
      while ((await open()) > 0 && !isOver()) await sleep(500)

      expect(violations).toEqual([])
      const { rows: events } = await observer.query(
        `SELECT e.id, e.status, h.runs FROM "WebhookEvent" e LEFT JOIN handled h ON h.id = e.id`,
      )
      const stored = new Map(events.map((row) => [row.id, row]))
      const lost = [...sent.keys()].filter(
        (id) => stored.get(id)?.status !== 'done' || !(stored.get(id)?.runs > 0),
      )
      expect(lost).toEqual([])
      // The last disturbance may have ended just now: until a process has looked again, it says that it does not know.
      async function certain(backend: Backend, user: SoakUser): Promise<number | undefined> {
        for (;;) {
          const status = (await backend.get('/me', user.authorization))?.status
          if ((status !== 503 && status !== undefined) || isOver()) return status
          await sleep(200)
        }
      }
      const { rows } = await observer.query(`SELECT "clerkId", version, banned, "firstName" FROM "User"`)
      const expected = users.map(({ id, version, banned }) => ({
        ...{ clerkId: id, version, banned, firstName: `Name ${version}` },
      }))
      const byId = (a: { clerkId: string }, b: { clerkId: string }) => (a.clerkId < b.clerkId ? -1 : 1)
      expect([...rows].sort(byId)).toEqual([...expected].sort(byId))
      for (const user of users) {
        for (const backend of backends) {
          expect(await certain(backend, user)).toBe(user.banned ? 401 : 200)
        }
      }
      // Something was proved at all.
      expect(answers.allowed).toBeGreaterThan(20)
      expect(answers.refused).toBeGreaterThan(20)
      expect(sent.size).toBeGreaterThan(40)
      const heapAtEnd = Number((await steady.get('/memory'))?.body.heapUsed)
      expect((heapAtEnd - heapAtStart) / 1e6).toBeLessThan(30)
    })
  })
})
