import { type ExecFileOptions, execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OfflineClerk, signWebhook, startClerk, webhookFixture } from '../index.js'

// Clients of other languages, unchanged. Each is installed once, into a folder of the system's temporary one. A language
// that is not installed is skipped; one whose client cannot be fetched is, too, unless REQUIRE_SERVICES=1.

const run = (file: string, args: string[], options: ExecFileOptions = {}) => {
  const running = promisify(execFile)(file, args, { ...options, encoding: 'utf8' })
  // Some commands read their standard input until it ends.
  running.child.stdin?.end()
  return running
}
const scripts = fileURLToPath(new URL('../testing/clients/', import.meta.url))
const folder = join(tmpdir(), 'clerk-offline-clients')
await mkdir(folder, { recursive: true })

const works = (command: string, args: string[]) =>
  run(command, args).then(
    () => true,
    () => false,
  )

/** Runs what installs a client, unless it was. @returns why it cannot be tried, or nothing */
async function install(done: string, steps: () => Promise<unknown>): Promise<string | undefined> {
  if (existsSync(done)) return undefined
  try {
    await steps()
    return undefined
  } catch (error) {
    if (process.env.REQUIRE_SERVICES === '1') throw error
    return 'it cannot be installed here'
  }
}

async function python(name: string, requirement: string, interpreter: string) {
  const home = join(folder, name)
  const marker = join(home, 'installed')
  if (!(await works(interpreter, ['-c', 'import venv, ensurepip'])))
    return { home, missing: `no ${interpreter}` }
  const missing = await install(marker, async () => {
    await run(interpreter, ['-m', 'venv', home])
    await run(join(home, 'bin/pip'), ['install', '--quiet', requirement])
    await writeFile(marker, '')
  })
  return { home, missing }
}

async function go() {
  const home = join(folder, 'go')
  const binary = join(home, 'client')
  if (!(await works('go', ['version']))) return { binary, missing: 'no go' }
  const missing = await install(binary, async () => {
    await mkdir(home, { recursive: true })
    await copyFile(join(scripts, 'main.go'), join(home, 'main.go'))
    if (!existsSync(join(home, 'go.mod'))) await run('go', ['mod', 'init', 'client'], { cwd: home })
    await run('go', ['get', 'github.com/clerk/clerk-sdk-go/v2@v2.4.2'], { cwd: home })
    await run('go', ['build', '-o', binary, '.'], { cwd: home })
  })
  return { binary, missing }
}

async function cli() {
  const home = join(folder, 'cli')
  const binary = join(home, 'node_modules/.bin/clerk')
  const missing = await install(binary, async () => {
    await mkdir(home, { recursive: true })
    await writeFile(join(home, 'package.json'), '{"private":true}')
    await run('npm', ['install', '--no-audit', '--no-fund', 'clerk@3.3.0'], { cwd: home })
  })
  return { binary, missing }
}

const titled = (client: string, missing: string | undefined) =>
  missing ? `${client} (skipped: ${missing})` : client

describe('clients of other languages', async () => {
  const official = await python('python', 'clerk-backend-api==7.0.0', 'python3')
  const django = await python('django', 'django-clerk-users==0.4.1', 'python3.12')
  const golang = await go()
  const command = await cli()

  let offline: OfflineClerk
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    // Go takes an issuer that begins with "https://clerk." and no other.
    offline = await startClerk({ issuer: 'https://clerk.offline.example' })
    const token = await offline.token(offline.createUser({ username: 'ada' }))
    env = { ...process.env, ...offline.env, CLERK_JWT_KEY: offline.tokens.pem, SESSION_TOKEN: token }
  })
  afterAll(() => offline.stop())

  test.skipIf(official.missing)(
    titled('Python: clerk-backend-api', official.missing),
    async () => {
      const { stdout } = await run(
        join(official.home, 'bin/python'),
        ['-W', 'ignore', join(scripts, 'client.py')],
        { env },
      )
      expect(stdout.trim()).toMatch(/^\d+ steps passed, 0 failed$/)
    },
    120_000,
  )

  test.skipIf(django.missing)(
    titled('Django: django-clerk-users', django.missing),
    async () => {
      const { stdout } = await run(join(django.home, 'bin/python'), [join(scripts, 'django_client.py')], {
        env,
      })
      expect(stdout.trim()).toMatch(/passed$/)
    },
    120_000,
  )

  test.skipIf(golang.missing)(
    titled('Go: clerk-sdk-go', golang.missing),
    async () => {
      const { stdout } = await run(golang.binary, [], { env })
      expect(stdout.trim()).toMatch(/passed$/)
    },
    120_000,
  )

  test.skipIf(command.missing)(
    titled('the command line clerk: users, api, webhooks', command.missing),
    async () => {
      const clerk = async (...args: string[]) =>
        JSON.parse(
          (
            await run(command.binary, [...args, '--mode', 'agent'], {
              env: {
                ...env,
                CLERK_BACKEND_API_URL: offline.url,
                CLERK_TELEMETRY_DISABLED: '1',
                HOME: folder,
              },
            })
          ).stdout,
        )
      const created = await clerk('users', 'create', '--email', 'cli@example.com', '--yes')
      expect(JSON.stringify(created)).toContain('cli@example.com')
      expect(JSON.stringify(await clerk('users', 'list'))).toContain('cli@example.com')
      expect(await clerk('api', '/users/count')).toMatchObject({ object: 'total_count' })
      const { headers, body } = signWebhook(webhookFixture('user.updated'), offline.webhookSecret)
      const payload = join(folder, 'payload.json')
      await writeFile(payload, body)
      const header = (name: 'id' | 'timestamp' | 'signature') => headers[`svix-${name}`]
      const signed = (['id', 'timestamp', 'signature'] as const).flatMap((name) => [
        `--${name}`,
        header(name),
      ])
      const secret = ['--secret', offline.webhookSecret, '--payload', `@${payload}`]
      const verified = await run(command.binary, ['webhooks', 'verify', ...secret, ...signed, '--json'], {
        env,
      })
      expect(JSON.parse(verified.stdout)).toMatchObject({ valid: true })
    },
    120_000,
  )
}, 300_000)
