import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startClerk } from '@acme/clerk-testing'
import { pageHeaders } from '@acme/example-page'
import { readSnippet } from '@acme/tools/snippets'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const dockerfile = readFileSync(new URL('../Dockerfile', import.meta.url), 'utf8')
const guide = new URL('../../../docs/production.md', import.meta.url)

/** `ENV` and `CMD` of the image that runs. */
const runtime = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
const env = Object.fromEntries(
  [...runtime.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]),
)
const [command = '', ...args]: string[] = JSON.parse(/^CMD (\[.*\])$/m.exec(runtime)?.[1] ?? '[]')

test('the image runs Node itself, as a user without rights, on a version that is supported', () => {
  expect(command).toBe('node')
  expect(existsSync(join(ROOT, args[0]?.replace('/dist/src/main.js', '/src/main.ts') ?? ''))).toBe(true)
  expect(runtime).toMatch(/^USER node$/m)
  const versions = [...dockerfile.matchAll(/^FROM node:(\d+)/gm)].map(([, version]) => version)
  expect(new Set(versions)).toEqual(new Set(['24']))
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect(engines.node).toContain('>=24')
})

test('nothing that is secret, or made here, reaches the image', () => {
  const ignored = readFileSync(new URL('../Dockerfile.dockerignore', import.meta.url), 'utf8').split('\n')
  for (const pattern of ['**/.env', '**/.env.*', '**/.git', '**/node_modules', '**/dist', '**/*.db'])
    expect(ignored).toContain(pattern)
})

test('what the image starts is healthy, ready, and ends at SIGTERM', { timeout: 60_000 }, async () => {
  const offline = await startClerk()
  const folder = await mkdtemp(join(tmpdir(), 'team-notes-image-'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      ...env,
      // What the image has, but for the places: no test listens beyond this host, and keys of an offline Clerk are none of production.
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: `file:${join(folder, 'notes.db')}`,
      ...offline.env,
      CLERK_AUTHORIZED_PARTIES: origin,
      SESSION_SECRET: 'thirty-two characters of a secret',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await offline.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const exited = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), exited])
  const [health, ready] = await Promise.all(
    ['/health', '/ready'].map(async (path) => (await fetch(`${origin}${path}`)).status),
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${stderr}`)
  })
  expect([health, ready]).toEqual([200, 200])
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
})

test('the Content-Security-Policy of the guide is the one that the examples send', async () => {
  const { code } = await readSnippet(guide, 'content-security-policy')
  const key = Buffer.from('clerk.example.com$').toString('base64')
  const sent = pageHeaders({ CLERK_PUBLISHABLE_KEY: `pk_live_${key}` })['Content-Security-Policy']
  expect(code.trim().split(/;\s+/)).toEqual(sent?.split('; '))
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
