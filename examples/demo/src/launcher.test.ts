import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** Its own temporary folder, so that what it leaves behind can be seen. */
let folder: string
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-test-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

const inFolder = (env: Record<string, string>) =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace('{folder}', folder)]))

interface Run {
  readonly child: ChildProcess
  /** Once it is printed. */
  readonly url: Promise<string>
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function run(args: readonly string[], env: Record<string, string> = {}): Run {
  // As the `demo` script does: without `--`, Node 20 takes `--env-file` for its own and ends where the file is missing.
  const child = spawn(process.execPath, ['--', MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: folder, TEMP: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let stdout = ''
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  const url = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk
      const found = /ready: (http:\S+)/.exec(stdout)?.[1]
      if (found) resolve(found)
    })
    void ended.then(() => reject(new Error(`The demo ended: ${stdout}${stderr}`)))
  })
  url.catch(() => {})
  return { child, url, ended }
}

/** What the application's logger does not say. */
const withoutLog = (stderr: string) =>
  stderr.split('\n').filter((line) => line !== '' && !line.startsWith('[clerk] '))

describe('what a person can mend is said in one line, and the exit code is 1', () => {
  const cases: [string, string[], Record<string, string>, string][] = [
    [
      'an unknown example',
      ['--example', 'rails'],
      {},
      'There is no example "rails". Choose one of express-prisma, koa-mongo, fastify-postgres, hono-drizzle, trpc.',
    ],
    ['an unknown option', ['--prot', '1'], {}, "Unknown option '--prot'. See npx --yes pnpm@12 demo --help."],
    [
      'a port that is none',
      ['--port', '80000'],
      {},
      '"80000" is not a port. Give a number up to 65535; 0 takes any free one.',
    ],
    [
      'a missing key',
      ['--real', '--port', '0'],
      {},
      '--real needs CLERK_SECRET_KEY. Copy it from “API keys” in Clerk’s dashboard into the environment.',
    ],
    [
      'a key that is none',
      ['--real', '--port', '0'],
      { CLERK_SECRET_KEY: 'sk_live_x', CLERK_PUBLISHABLE_KEY: 'nonsense' },
      'CLERK_PUBLISHABLE_KEY',
    ],
    [
      'a database that is not named',
      ['--example', 'koa-mongo', '--port', '0'],
      {},
      'This example needs MongoDB, and MONGODB_URL is not set. Start one',
    ],
    [
      'a MongoDB that does not answer',
      ['--example', 'koa-mongo', '--port', '0'],
      { MONGODB_URL: 'mongodb://127.0.0.1:1/notes' },
      'No MongoDB answers at 127.0.0.1:1 (MONGODB_URL). Start one',
    ],
    [
      'a PostgreSQL that does not answer',
      ['--example', 'fastify-postgres', '--port', '0'],
      { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/notes' },
      'No PostgreSQL answers at 127.0.0.1:1 (DATABASE_URL). Start one',
    ],
    [
      'a folder that is not there',
      ['--port', '0'],
      { DATABASE_URL: 'file:/nowhere/at/all/notes.db' },
      'The database cannot be used: ',
    ],
    [
      'a folder that is not there, for the driver of another example',
      ['--example', 'hono-drizzle', '--port', '0'],
      { DATABASE_URL: 'file:/nowhere/at/all/notes.db' },
      'The database cannot be used: ',
    ],
    [
      'a Clerk that does not answer',
      ['--real', '--port', '0'],
      {
        CLERK_SECRET_KEY: 'sk_test_0123456789012345678901234567890123456789',
        CLERK_PUBLISHABLE_KEY: `pk_test_${Buffer.from('127.0.0.1:1$').toString('base64')}`,
        DATABASE_URL: 'file:{folder}/notes.db',
      },
      'Clerk’s keys cannot be fetched. Check CLERK_PUBLISHABLE_KEY and the network.',
    ],
    [
      'a database of another kind',
      ['--port', '0'],
      { DATABASE_URL: 'mysql://me:secret@127.0.0.1/notes' },
      'DATABASE_URL names neither PostgreSQL nor a file. Write postgres://… or file:…, or unset it.',
    ],
    [
      'a database of a kind that this example cannot have',
      ['--example', 'hono-drizzle', '--port', '0'],
      { DATABASE_URL: 'postgres://me:secret@127.0.0.1/notes' },
      'DATABASE_URL names no file. Write file:…, or unset it.',
    ],
  ]
  test.each(cases)('%s', { timeout: 60_000 }, async (_, args, env, line) => {
    const { code, stdout, stderr } = await run(args, inFolder(env)).ended
    expect(stderr).toContain(line)
    expect(withoutLog(stderr)).toHaveLength(1)
    expect(stderr).not.toContain('secret@')
    expect([code, stdout]).toEqual([1, ''])
  })

  test('a port in use', { timeout: 60_000 }, async () => {
    const other: Server = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const { code, stderr } = await run(['--port', String(port)]).ended
    other.close()
    expect([code, stderr]).toEqual([
      1,
      `Port ${port} is in use. Choose another: npx --yes pnpm@12 demo --port ${port + 1}\n`,
    ])
  })
})

test('Ctrl-C ends everything, and nothing stays behind', { timeout: 60_000 }, async () => {
  const { child, url, ended } = run(['--port', '0'])
  const address = await url
  // Connections that would keep a server open: an event stream and one that is kept alive.
  const events = await fetch(`${address}/demo/events`)
  await fetch(`${address}/health`)
  const state = await readEvent(events)
  expect(await readdir(folder)).toHaveLength(1)
  child.kill('SIGINT')
  const { code, stderr } = await ended
  expect([code, withoutLog(stderr)]).toEqual([0, []])
  await expect(fetch(address)).rejects.toThrow()
  await expect(fetch(state.clerkUrl)).rejects.toThrow()
  expect(await readdir(folder)).toEqual([])
  expect(existsSync('/proc') && existsSync(`/proc/${child.pid}`)).toBe(false)
})

describe('a running demo', () => {
  test.each(['express-prisma', 'hono-drizzle', 'trpc'])(
    'with the variables of %s as they are shipped plays Clerk',
    { timeout: 60_000 },
    async (example) => {
      const file = fileURLToPath(new URL(`../../${example}/.env.example`, import.meta.url))
      const { url } = run(['--example', example, '--port', '0', '--env-file', file])
      expect(await readEvent(await fetch(`${await url}/demo/events`))).toMatchObject({
        mode: 'offline',
        example,
      })
    },
  )

  test('starts without the file of variables, as in a new checkout', { timeout: 60_000 }, async () => {
    const { url } = run(['--example', 'trpc', '--port', '0', '--env-file', `${folder}/none.env`])
    expect(await readEvent(await fetch(`${await url}/demo/events`))).toMatchObject({ mode: 'offline' })
  })

  test("the script gives Node none of the demo's options", async () => {
    const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
    expect(JSON.parse(manifest).scripts.demo).toMatch(/ && node -- examples\/demo\/dist\/main\.js$/)
  })

  test('acts for its own page only, and answers to this machine only', { timeout: 60_000 }, async () => {
    const { url } = run(['--port', '0'])
    const address = await url
    const { people, clerkUrl } = await readEvent(await fetch(`${address}/demo/events`))
    const act = (headers: Record<string, string>, name = 'rename', person = people[0]?.id) =>
      fetch(`${address}/demo/act/${name}`, { method: 'POST', headers, body: JSON.stringify({ person }) })
    const json = { 'content-type': 'application/json' }
    expect((await act(json)).status).toBe(403)
    expect((await act({ ...json, origin: 'https://evil.example' })).status).toBe(403)
    expect((await act({ ...json, origin: address, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await act({ origin: address, 'content-type': 'text/plain' })).status).toBe(403)
    expect((await act({ ...json, origin: address }, 'constructor')).status).toBe(404)
    expect((await act({ ...json, origin: address }, 'ban', 'nobody')).status).toBe(404)
    expect((await act({ ...json, origin: address })).status).toBe(200)
    // What is no click is taken for none.
    for (const click of ['id %E0%A4%A', 'id', ' ', '../ x', `id ${'x'.repeat(2000)}`])
      expect((await act({ ...json, origin: address, 'x-demo-click': click })).status).toBe(200)
    // A person whom the dashboard has deleted stays on the page, and the demo goes on.
    await fetch(`${clerkUrl}/dashboard/users/${people[1]?.id}/delete`, { method: 'POST' })
    const refused = await act({ ...json, origin: address }, 'ban', people[1]?.id)
    expect([refused.status, await refused.json()]).toEqual([
      409,
      { error: 'Jonas Lindqvist was deleted at Clerk.' },
    ])
    const later = await readEvent(await fetch(`${address}/demo/events`))
    expect(later.people[1]).toMatchObject({ atClerk: { isDeleted: true } })
    expect((await fetch(`${address}/demo/act/rename`)).status).toBe(404)
    expect(await statusFor(address, 'evil.example')).toBe(421)
  })

  test('with Clerk keys in the file of variables starts no offline Clerk, and shows people only their own requests', {
    timeout: 60_000,
  }, async () => {
    // Another offline Clerk takes the place of the real one: the demo has its keys only.
    const offline = await import('@acme/clerk-testing').then(({ startClerk }) => startClerk())
    const file = join(folder, '.env')
    await writeFile(
      file,
      Object.entries(offline.env)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    )
    const { url } = run(['--port', '0', '--env-file', file], {
      DATABASE_URL: `file:${join(folder, 'notes.db')}`,
    })
    const address = await url
    const visitor = await fetch(`${address}/`)
    const cookie = visitor.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect(cookie).toMatch(/^demo_viewer=/)
    await fetch(`${address}/api/workspace`)
    await fetch(`${address}/me`, { headers: { cookie } })

    const events = await fetch(`${address}/demo/events`, { headers: { cookie } })
    const seen = await readUntil(events, '"path":"/me"')
    expect(seen).toContain('"mode":"real"')
    expect(seen).not.toContain('/api/workspace')
    const act = await fetch(`${address}/demo/act/ban`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: address },
      body: '{}',
    })
    expect(act.status).toBe(404)
    await offline.stop()
  })
})

interface State {
  clerkUrl: string
  people: { id: string }[]
}

async function readEvent(answer: Response): Promise<State> {
  const text = await readUntil(answer, /event: state\ndata: .*\n/)
  return JSON.parse(/event: state\ndata: (.*)\n/.exec(text)?.[1] ?? '{}') as State
}

/** Reads the stream as far as this, and leaves the connection open. */
async function readUntil(answer: Response, pattern: string | RegExp): Promise<string> {
  const reader = answer.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (reader && !(typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text))) {
    const { done, value } = await reader.read()
    if (done) break
    text += decoder.decode(value, { stream: true })
  }
  return text
}

/** `fetch` does not let one choose the Host. */
async function statusFor(address: string, host: string): Promise<number | undefined> {
  const { get } = await import('node:http')
  return new Promise((resolve, reject) => {
    get(address, { headers: { host } }, (res) => {
      res.resume()
      resolve(res.statusCode)
    }).on('error', reject)
  })
}
