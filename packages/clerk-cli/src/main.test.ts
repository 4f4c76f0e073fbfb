import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { application, envOf, offlineClerk } from './testing/offline.js'
import { hasTerminal, recordsOf, start, startInTerminal } from './testing/process.js'
import { scratchProject } from './testing/scratch.js'
import { sqliteConfig, sqliteDatabase } from './testing/sqlite.js'

if (!existsSync(new URL('../dist/main.js', import.meta.url)))
  throw new Error('Build the package first: npx --yes pnpm@12 build')

const dotenv = (env: Readonly<Record<string, string>>) =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join('')

async function shop(files: Readonly<Record<string, string>> = {}) {
  const offline = await offlineClerk()
  const env = envOf(offline)
  const cwd = scratchProject({ 'acme-clerk.config.ts': sqliteConfig, '.env': dotenv(env), ...files })
  const prisma = await sqliteDatabase(join(cwd, 'shop.db'))
  onTestFinished(() => prisma.$disconnect())
  return { offline, cwd, prisma, secrets: [offline.secretKey, offline.webhookSecret] }
}

describe('in a pipe, on SQLite', () => {
  test('Ctrl-C finishes what is in hand and says how to go on; again, everything is there once', async () => {
    const { offline, cwd, prisma, secrets } = await shop()
    const USERS = 1_100
    for (let index = 0; index < USERS; index++) offline.createUser()
    offline.faults.set('GetUserList', { slowMs: 100 })
    const first = start(['sync', 'users', '--all', '--json'], { cwd })
    await first.until(/"type":"progress"/)
    const commandLine = existsSync(`/proc/${first.child.pid}/cmdline`)
      ? readFileSync(`/proc/${first.child.pid}/cmdline`, 'utf8')
      : ''
    first.child.kill('SIGINT')
    expect(await first.ended).toBe(1)
    expect(recordsOf(first.stdout()).at(-1)).toMatchObject({
      type: 'summary',
      interrupted: true,
      resume: expect.stringContaining('again'),
    })
    expect(first.stderr()).toContain('Finishing what is in hand')
    const after = await prisma.user.count()
    expect(after).toBeGreaterThan(0)
    expect(after).toBeLessThan(USERS)

    const second = start(['sync', 'users', '--all'], { cwd })
    expect(await second.ended).toBe(0)
    expect(second.stdout()).toMatch(/^users: [\d,]+ created, [\d,]+ unchanged\n$/)
    expect(await prisma.user.count()).toBe(USERS)
    // Nothing of a terminal in a pipe, and no secret anywhere.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
    expect(second.stdout() + second.stderr()).not.toMatch(/\u001b|█/)
    for (const secret of secrets)
      for (const text of [commandLine, first.stdout(), first.stderr(), second.stdout(), second.stderr()])
        expect(text).not.toContain(secret)
  })

  test('a migration that is killed, and resumed, creates nobody twice', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => String(index))
    const { offline, cwd } = await shop({ 'users.csv': ['external_id', ...ids, ''].join('\n') })
    const { clerk } = application(offline)
    offline.faults.set('CreateUser', { slowMs: 30 })
    const first = start(['migrate', 'users', '--from', 'users.csv', '--log', 'log.ndjson', '--json'], { cwd })
    await first.until(/"outcome":"created"/)
    first.child.kill('SIGKILL')
    await first.ended
    const resume = ['migrate', 'users', '--from', 'users.csv', '--resume', 'log.ndjson', '--json']
    const second = start(resume, { cwd })
    await second.until(/"outcome":"created"/)
    second.child.kill('SIGINT')
    expect(await second.ended).toBe(1)
    expect(recordsOf(second.stdout()).at(-1)).toMatchObject({
      interrupted: true,
      resume: 'acme-clerk migrate users --from users.csv --resume log.ndjson',
    })
    const third = start(resume, { cwd })
    expect(await third.ended).toBe(0)
    const created: (string | null | undefined)[] = []
    for await (const { externalId } of clerk.api.eachUser()) created.push(externalId)
    expect(created.sort()).toEqual(ids.sort())
  })

  test('a reader that goes away ends it without a word', async () => {
    const { offline, cwd } = await shop()
    for (let index = 0; index < 600; index++) offline.createUser()
    offline.faults.set('GetUserList', { slowMs: 100 })
    const ran = start(['sync', 'users', '--all', '--json'], { cwd })
    await ran.until(/"type":/)
    ran.child.stdout?.destroy()
    expect(await ran.ended).toBe(1)
    expect(ran.stderr()).toBe('')
  })

  test("Prisma's runtime is the application's own, and not a copy that jiti made of it", async () => {
    const runtime = fileURLToPath(
      new URL('../../clerk-prisma/node_modules/@prisma/client/runtime/client.js', import.meta.url),
    )
    const cwd = scratchProject({
      'acme-clerk.config.ts': `import { createRequire } from 'node:module'
        import { PrismaClientKnownRequestError as imported } from ${JSON.stringify(runtime)}
        const { PrismaClientKnownRequestError: own } = createRequire(import.meta.url)(${JSON.stringify(runtime)})
        enum Compiled { yes = 'yes' }
        export default { clerk: () => { throw new Error(\`\${imported === own}, compiled: \${Compiled.yes}\`) } }`,
    })
    const ran = start(['doctor'], { cwd })
    await ran.ended
    expect(ran.stderr()).toContain('Error: true, compiled: yes')
  })

  test('offline starts the offline Clerk, and Ctrl-C ends it', async () => {
    const cwd = scratchProject({ 'package.json': '{}' })
    const ran = start(['offline', '--port', '0'], { cwd })
    await ran.until(/Ctrl-C stops it/)
    expect(ran.stdout()).toMatch(/^CLERK_SECRET_KEY=/m)
    ran.child.kill('SIGINT')
    expect(await ran.ended).toBe(0)
  })
})

describe.skipIf(!hasTerminal)('in a terminal', () => {
  test('there is a bar with rate and remaining time, and Ctrl-C takes it away', async () => {
    const { offline, cwd, prisma } = await shop()
    for (let index = 0; index < 1_100; index++) offline.createUser()
    offline.faults.set('GetUserList', { slowMs: 100 })
    const ran = startInTerminal(['sync', 'users', '--all'], { cwd })
    await ran.until(/█+░* [\d,]+ of 1,100 \(\d+ %\), [\d,.]+ a second, .* left/)
    ran.type('\u0003')
    expect(await ran.ended).toBe(1)
    expect(ran.stdout().split('\u001b[2K').at(-1)).toMatch(/^users: [\d,]+ created/)
    expect(ran.stdout()).toContain('Run the same command again')
    expect(await prisma.user.count()).toBeGreaterThan(0)
  })

  test('a password is asked for twice, and not shown', async () => {
    const { cwd, prisma } = await shop()
    const ran = startInTerminal(['administrators', 'create', '--email', 'ada@example.com'], { cwd })
    await ran.until(/Password/)
    ran.type('correct horse\r')
    await ran.until(/once more/)
    ran.type('correct house\r')
    await ran.until(/not the same/)
    ran.type('\u007f'.repeat(13))
    ran.type('correct horse\r')
    expect(await ran.ended).toBe(0)
    expect(ran.stdout()).toContain('The administrator was created: 13.')
    expect(ran.stdout()).not.toMatch(/correct|horse|house/)
    expect(await prisma.user.findMany()).toMatchObject([{ email: 'ada@example.com', theme: '13' }])
  })

  test('init asks before it writes, and colours end with NO_COLOR', async () => {
    const cwd = scratchProject({ 'package.json': '{"type":"module","dependencies":{"koa":"*"}}' })
    const refused = startInTerminal(['init'], { cwd })
    await refused.until(/Write these files/)
    expect(refused.stdout()).toContain('\u001b[32m+')
    refused.type('n')
    expect(await refused.ended).toBe(0)
    expect(existsSync(join(cwd, 'clerk.js'))).toBe(false)
    const ran = startInTerminal(['init', '--yes'], { cwd, env: { NO_COLOR: '1' } })
    expect(await ran.ended).toBe(0)
    expect(ran.stdout()).not.toContain('\u001b[3')
    expect(existsSync(join(cwd, 'clerk.js'))).toBe(true)
  })
})
