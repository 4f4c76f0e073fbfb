import { describeWith } from '@acme/tools/services/vitest'
import { expect, onTestFinished, test } from 'vitest'
import { envOf, offlineClerk } from './testing/offline.js'
import { postgresClerk, postgresConfig, postgresTables } from './testing/postgres.js'
import { recordsOf, start } from './testing/process.js'
import { scratchProject } from './testing/scratch.js'

const THOROUGH = process.env['THOROUGH'] === '1'
const USERS = THOROUGH ? 100_000 : 3_000
/** Of a page of Clerk's. */
const PAGE = 500
/** Measured: 144 MB with a hundred thousand users on Node 20, 127 MB on Node 26. The other builds of Node have room. */
const MOST_MB = THOROUGH ? 150 : 170

/** Says at the end how much memory the process had at most. */
const MEASURED = `data:text/javascript,process.on('exit',()=>console.error('most:',process.resourceUsage().maxRSS,'kB.'))`

await describeWith('postgres', 'a sync of many users, on PostgreSQL', (server) => {
  test('asks for each page once, tells how far it is, and holds no more memory for more users', async () => {
    const database = await server.createDatabase('many')
    const prisma = await postgresTables(database.url)
    onTestFinished(async () => {
      await prisma.$disconnect()
      await database.drop()
    })
    const offline = await offlineClerk()
    for (let number = 0; number < USERS; number++)
      offline.createUser({
        emailAddress: [`user-${number}@example.com`],
        firstName: `First ${number}`,
        publicMetadata: { number },
      })
    const before = offline.requests.length
    const cwd = scratchProject({ 'acme-clerk.config.ts': postgresConfig, 'clerk.ts': postgresClerk })
    const ran = start(['sync', 'users', '--all', '--json'], {
      cwd,
      env: { ...envOf(offline), DATABASE_URL: database.url, NODE_OPTIONS: `--import="${MEASURED}"` },
    })
    expect(await ran.ended, ran.stderr()).toBe(0)
    const records = recordsOf(ran.stdout())
    expect(records.at(-1)).toMatchObject({ type: 'summary', users: { created: USERS, failed: 0 } })
    const told = records.filter(({ type }) => type === 'progress')
    expect(told.length).toBeGreaterThan(1)
    expect(told.at(-1)).toMatchObject({ done: USERS, total: USERS })
    expect(await prisma.user.count()).toBe(USERS)
    // Its pages, and what proves whose the key is and how many there are.
    expect(offline.requests.length - before).toBeLessThanOrEqual(USERS / PAGE + 10)
    const [, most = ''] = /most: (\d+) kB\./.exec(ran.stderr()) ?? []
    expect(Number(most)).toBeGreaterThan(0)
    expect(Number(most) / 1024).toBeLessThan(MOST_MB)
  })
})
