import type { OfflineClerk } from '@acme/clerk-testing'
import { describeWith } from '@acme/tools/services/vitest'
import { expect, onTestFinished, test } from 'vitest'
import { envOf, offlineClerk } from './testing/offline.js'
import { postgresClerk, postgresConfig, postgresTables } from './testing/postgres.js'
import { start, startModule } from './testing/process.js'
import { scratchProject } from './testing/scratch.js'

const THOROUGH = process.env['THOROUGH'] === '1'
const USERS = THOROUGH ? 5_000 : 700
const KILLS = THOROUGH ? 25 : 3
/** Longer than a sync of so many users takes once it has begun: some are killed in it, some when they end. */
const LONGEST_MS = THOROUGH ? 3_000 : 600

/** The application: another process, to which Clerk's events come. */
const WEBHOOKS = `import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { clerk } from './clerk.js'

const server = createServer(async (request, response) => {
  const header = (name) => request.headers[name]
  const { status } = await clerk.receiveWebhook({
    id: header('svix-id'),
    timestamp: header('svix-timestamp'),
    signature: header('svix-signature'),
    body: await buffer(request),
  })
  response.writeHead(status).end()
})
server.listen(0, '127.0.0.1', () => console.log('listening on ' + server.address().port + '.'))
`

/** Whatever is written of a user says the same number in every field: a row that mixes two states shows. */
const said = (number: number) => ({
  firstName: `first-${number}`,
  lastName: `last-${number}`,
  publicMetadata: { number },
})

/** Changes of every kind, one after the other and each delivered, until it is stopped. */
function changes(offline: OfflineClerk, ids: string[]) {
  let going = true
  let made = 0
  const random = () => ids[Math.floor(Math.random() * ids.length)] ?? ''
  const kinds = [
    () => offline.updateUser(random(), said(++made)),
    () => offline.updateUser(random(), said(++made)),
    () => offline.banUser(random()),
    () => offline.unbanUser(random()),
    () => ids.push(offline.createUser(said(++made)).id),
    () => offline.deleteUser(ids.splice(Math.floor(Math.random() * ids.length), 1)[0] ?? ''),
  ]
  const ended = (async () => {
    while (going) {
      kinds[Math.floor(Math.random() * kinds.length)]?.()
      await offline.webhooks.settled()
    }
  })()
  return {
    async stop() {
      going = false
      await ended
      await offline.webhooks.flush()
      return made
    },
  }
}

await describeWith('postgres', 'a sync that is killed, on PostgreSQL', (server) => {
  test('and begun again ends right, while webhooks arrive, and leaves no half-written row', async () => {
    const database = await server.createDatabase('killed')
    const prisma = await postgresTables(database.url)
    onTestFinished(async () => {
      await prisma.$disconnect()
      await database.drop()
    })
    const offline = await offlineClerk()
    const ids = Array.from({ length: USERS }, () => offline.createUser(said(0)).id)
    const cwd = scratchProject({
      'acme-clerk.config.ts': postgresConfig,
      'clerk.ts': postgresClerk,
      'webhooks.ts': WEBHOOKS,
    })
    const where = { cwd, env: { ...envOf(offline), DATABASE_URL: database.url } }
    const application = startModule('webhooks.ts', where)
    await application.until(/listening on \d+\./)
    const [, port = ''] = /listening on (\d+)\./.exec(application.stdout()) ?? []
    offline.webhooks.sendTo(`http://127.0.0.1:${port}/`)
    const change = changes(offline, ids)

    const whole = async () => {
      const rows = await prisma.user.findMany()
      for (const { firstName, lastName, publicMetadata, deletedAt, version } of rows) {
        // A deletion that came before anything else is all that its row says.
        if (deletedAt !== null && version === 0) continue
        const number = Number(firstName?.replace('first-', ''))
        expect({ firstName, lastName, publicMetadata }).toEqual(said(number))
      }
      return rows
    }
    const sync = ['sync', 'users', '--all', '--json']
    let killed = 0
    for (let round = 0; round < KILLS; round++) {
      const ran = start(sync, where)
      await ran.until(/"type":/)
      // The first one at once: Clerk, which is in this process, has not given it its last page.
      const timer = setTimeout(() => ran.child.kill('SIGKILL'), round === 0 ? 0 : Math.random() * LONGEST_MS)
      if ((await ran.ended) === null) killed++
      clearTimeout(timer)
      await whole()
    }
    // Begun with the changes, and ended after them: what it had read before is not newer than what came.
    const last = start(sync, where)
    await last.until(/"type":/)
    expect(await change.stop()).toBeGreaterThan(0)
    expect(await last.ended, last.stdout() + last.stderr()).toBe(0)

    // Each event was taken, those of the beginning aside, which had no endpoint.
    const taken: readonly string[] = ['succeeded', 'not-sent']
    expect(offline.webhooks.deliveries.filter(({ status }) => !taken.includes(status))).toEqual([])

    const compared = start(['reconcile', '--users', '--json'], where)
    expect(await compared.ended, compared.stdout() + compared.stderr()).toBe(0)
    const rows = new Map((await whole()).map((row) => [row.clerkId, row]))
    for (const id of ids) {
      const { first_name, last_name, public_metadata, banned } = offline.getUser(id)
      const held = { firstName: first_name, lastName: last_name, publicMetadata: public_metadata, banned }
      expect(rows.get(id), id).toMatchObject({ ...held, deletedAt: null })
    }
    expect([...rows.values()].filter(({ deletedAt }) => deletedAt === null)).toHaveLength(ids.length)
    expect(killed).toBeGreaterThan(0)
  })
})
