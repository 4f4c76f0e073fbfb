import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv, promisify } from 'node:util'
import { type RunningSnippet, readSnippet, runSnippet } from '@acme/tools/snippets'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Browser } from '../testing/browser.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
let bin: string

// As a new user: the packed tarball, installed with npm into an empty folder.
beforeAll(async () => {
  if (!existsSync(join(root, 'dist/cli/main.js')))
    throw new Error('Build the package first: npx --yes pnpm@12 build')
  folder = await mkdtemp(join(tmpdir(), 'clerk-offline-'))
  await run('pnpm', ['pack', '--pack-destination', folder], { cwd: root })
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? ''
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball)], {
    cwd: folder,
  })
  bin = join(folder, 'node_modules/.bin/clerk-offline')
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Running {
  child: ChildProcess
  env: Record<string, string>
  stdout: () => string
  stderr: () => string
  ended: Promise<number | null>
}

async function start(...args: string[]): Promise<Running> {
  const child = spawn(bin, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  onTestFinished(async () => {
    child.kill()
    await ended
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk
      if (stdout.includes('Ctrl-C')) resolve()
    })
    void ended.then((code) => reject(new Error(`clerk-offline ended with ${code}: ${stderr}`)))
  })
  // As an .env file is read: CLERK_JWT_KEY has lines.
  const env = parseEnv(stdout.slice(stdout.indexOf('CLERK_'))) as Record<string, string>
  return { child, env, stdout: () => stdout, stderr: () => stderr, ended }
}

const command = (args: string[], env: Record<string, string>) =>
  run(bin, args, { cwd: folder, env: { ...process.env, ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )

describe('an application with the official @clerk/express, given what clerk-offline prints', () => {
  let app: RunningSnippet

  test('sees who signed in on the page, and receives the webhook of a change in the dashboard', async () => {
    const { env } = await start('--port', '0')
    const { code } = await readSnippet(new URL('../../README.md', import.meta.url), 'app.ts')
    app = await runSnippet(code, { cwd: root, env: { ...env, PORT: '0' } })
    onTestFinished(() => app.stop())
    const [, home = ''] = /(http:\S+)/.exec(await app.output(/listening/)) ?? []
    const offline = env.CLERK_API_URL ?? ''
    const browser = new Browser()

    const before = await browser.open(home)
    expect(JSON.parse(before.text)).toEqual({ userId: null })

    const page = await browser.open(`${env.CLERK_SIGN_IN_URL}?redirect_url=${encodeURIComponent(`${home}/`)}`)
    expect(page.url.hostname).toBe('localhost')
    const signedIn = await browser.submit(page.url, '/sign-in', {
      identifier: 'ada',
      redirect_url: `${home}/`,
    })
    const { userId } = JSON.parse(signedIn.text)
    expect(userId).toMatch(/^user_/)

    await browser.submit(offline, '/dashboard/webhooks/endpoint', { url: `${home}/webhook` })
    const user = await browser.open(`${offline}/dashboard/users/${userId}`)
    expect(user.text).toContain('Ada Lovelace')
    const saved = await browser.submit(user.url, `/dashboard/users/${userId}`, {
      first_name: 'Countess',
      last_name: 'Lovelace',
      username: 'ada',
      public_metadata: '{}',
      private_metadata: '{}',
    })
    expect(saved.text).toContain('Countess Lovelace')
    expect(await app.output(/user\.updated/)).toContain(`user.updated ${userId}`)
    await expect
      .poll(async () => (await browser.open(`${offline}/dashboard/webhooks`)).text, { timeout: 10_000 })
      .toContain('succeeded')

    const sent = await command(['event', 'organization.updated'], env)
    expect(sent.stdout).toMatch(/^organization\.updated msg_\w+: succeeded, answered 200\n$/)
    await app.output(/organization\.updated org_/)
  }, 60_000)
})

test('a token is printed for a user and an organisation, with the application as authorised party', async () => {
  const { env } = await start('--port', '0', '--app-url', 'http://localhost:5000')
  const { stdout } = await command(['token', '--user', 'grace', '--org', 'acme', '--ttl', '120'], env)
  const claims = decodeJwt(stdout.trim())
  expect(claims).toMatchObject({
    iss: env.CLERK_API_URL,
    azp: 'http://localhost:5000',
    o: { slg: 'acme', rol: 'member' },
  })
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(120)
  expect(env.CLERK_AUTHORIZED_PARTIES).toBe('http://localhost:5000')

  for (const [args, message] of [
    [['token', '--user', 'nobody'], /No user is called “nobody” here\. http:\S+\/dashboard/],
    [['token'], /--user/],
    [['event', 'nonsense'], /webhook URL/],
    [['token', '--user', 'ada', '--secret-key', 'sk_test_wrong'], /Secret Key is invalid/],
    [['token', '--user', 'ada', '--url', 'http://127.0.0.1:1'], /no offline Clerk at/],
    [['nonsense'], /no command "nonsense"/],
    [['--nonsense'], /nonsense/],
  ] as const) {
    const failed = await command([...args], env)
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(message)
    expect(failed.stderr.trim().split('\n')).toHaveLength(1)
  }
})

test('with what it printed in .env, token and event find it, and a webhook that is not taken is explained', async () => {
  const { env, stdout, stderr } = await start('--port', '0', '--webhook-url', 'http://127.0.0.1:1/webhook')
  const { CLERK_SECRET_KEY: _, CLERK_API_URL: __, ...bare } = process.env
  const here = (args: string[]) =>
    run(bin, args, { cwd: folder, env: bare }).then(
      (ended) => ({ code: 0, ...ended }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
  expect((await here(['token', '--user', 'ada'])).stderr).toContain('.env')
  await writeFile(
    join(folder, '.env'),
    stdout().slice(stdout().indexOf('CLERK_'), stdout().indexOf('Ctrl-C')),
  )
  onTestFinished(() => rm(join(folder, '.env')))
  expect(decodeJwt((await here(['token', '--user', 'ada'])).stdout.trim()).iss).toBe(env.CLERK_API_URL)
  const failed = await here(['event', 'user.updated'])
  expect(failed.code).toBe(1)
  const why = 'Nothing answers at this address. Seen: http://127.0.0.1:1/webhook did not answer ('
  expect(failed.stderr).toContain(`clerk-offline: ${why}`)
  // Of the seed, which was planted before; told once a minute.
  expect(stderr()).toMatch(
    /^\[clerk-offline\] The webhook user\.created \(msg_\w+\) was not taken \(no-answer\)\. /,
  )
  expect(stderr()).toContain(why)
  expect(stderr()).not.toContain(env.CLERK_WEBHOOK_SIGNING_SECRET)
})

test('what is persisted is there after a restart, for its owner only, and an old token still verifies', async () => {
  const file = join(folder, 'state.json')
  const first = await start('--port', '0', '--persist', file)
  const port = new URL(first.env.CLERK_API_URL ?? '').port
  const { stdout: token } = await command(['token', '--user', 'ada'], first.env)
  first.child.kill('SIGINT')
  expect(await first.ended).toBe(0)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).toContain('ada+clerk_test@example.com')

  const second = await start('--port', port, '--persist', file)
  expect(second.env).toEqual(first.env)
  const { stdout: again } = await command(['token', '--user', 'ada'], second.env)
  expect(decodeJwt(again).sub).toBe(decodeJwt(token).sub)
})

test('a port in use is one clear line', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  const failed = await command(['--port', String(port)], {})
  expect(failed.code).toBe(1)
  expect(failed.stderr).toBe(
    `clerk-offline: Port ${port} is in use. Stop what listens there, or choose another with --port.\n`,
  )
})

test('a seed file is planted, and what is wrong in one is named', async () => {
  const seed = join(folder, 'seed.json')
  await writeFile(
    seed,
    JSON.stringify({
      users: [{ emailAddress: 'a@example.com' }],
      organizations: [{ name: 'One', members: [{ user: 'a@example.com', role: 'org:admin' }] }],
    }),
  )
  const { env } = await start('--port', '0', '--seed', seed)
  const { stdout } = await command(['token', '--user', 'a@example.com', '--org', 'one'], env)
  expect(decodeJwt(stdout).o).toMatchObject({ rol: 'admin' })
  await writeFile(seed, JSON.stringify({ users: [{ emailAddress: 'not an address' }] }))
  const failed = await command(['--port', '0', '--seed', seed], {})
  expect(failed.stderr).toContain("The seed's users[0] cannot be created")
})
