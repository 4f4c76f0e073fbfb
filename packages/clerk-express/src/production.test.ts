import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { deliver, runServerSnippet, typecheckSnippets } from '@acme/adapter-suite'
import { createClerk, fromEnv, memoryStore } from '@acme/clerk-core'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { request } from '@acme/clerk-testing/adapters'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import express from 'express'
import session from 'express-session'
import { expect, onTestFinished, test, vi } from 'vitest'
import { clerkMiddleware, requireAuth } from './index.js'

const guide = new URL('../../../docs/production.md', import.meta.url)
const cwd = new URL('..', import.meta.url)
const TIMEOUT = { timeout: 60_000 }
/** Several servers, one after the other. */
const ROTATION = { timeout: 180_000 }
let people = 0
const PAGE = 'http://localhost:3000'

test('the code of the guide compiles', TIMEOUT, () => typecheckSnippets(guide, cwd))

test(
  'the server of the guide is ready, and answers what is under way when it is told to end',
  TIMEOUT,
  async () => {
    const { origin, signIn, stop } = await startServer()
    expect(await statusOf(`${origin}/health`)).toEqual([200, { status: 'ok' }])
    expect(await statusOf(`${origin}/ready`)).toEqual([200, { status: 'ok' }])
    const headers = await signIn()
    expect(await statusOf(`${origin}/report`, headers)).toEqual([
      200,
      expect.objectContaining({ done: true }),
    ])

    const underWay = statusOf(`${origin}/report`, headers)
    // Another connection, which is answered after the first one has arrived.
    await statusOf(`${origin}/health`)
    const ended = stop()
    expect(await underWay).toEqual([200, expect.objectContaining({ done: true })])
    expect((await ended).code).toBe(0)
    await expect(request(`${origin}/health`)).rejects.toThrow(/ECONNREFUSED/)
  },
)

test('the headers that nginx sets are believed, of one proxy alone', TIMEOUT, async () => {
  const { origin, signIn } = await startServer()
  const { code } = await readSnippet(guide, 'nginx.conf')
  const variables: Record<string, string> = {
    $host: 'app.example.com',
    $scheme: 'https',
    $remote_addr: '203.0.113.7',
    $http_upgrade: '',
    $connection_upgrade: '',
  }
  const set = [...code.matchAll(/proxy_set_header (\S+) (\S+);/g)]
    .map(([, name = '', value = '']) => [name.toLowerCase(), variables[value] ?? value] as const)
    // nginx sends no header whose value is empty.
    .filter(([, value]) => value !== '')
  expect(set.map(([name]) => name)).toEqual([
    'host',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-forwarded-for',
  ])
  const headers = Object.fromEntries(set)

  const { headers: answer } = await request(`${origin}/sign-in?returnTo=/reports`, { headers })
  expect(decodeURIComponent(answer.location ?? '')).toContain(
    'redirect_url=https://app.example.com/callback?',
  )
  const ada = await signIn()
  const report = await statusOf(`${origin}/report`, { ...headers, ...ada })
  expect(report).toEqual([200, { done: true, ip: '203.0.113.7' }])
  // What a client had sent itself was replaced by nginx; added to a list, it would be the proxy's that counts.
  const spoofed = { ...headers, 'x-forwarded-for': '198.51.100.1, 203.0.113.7', ...ada }
  expect((await statusOf(`${origin}/report`, spoofed))[1]).toEqual({ done: true, ip: '203.0.113.7' })
})

test('a listed page may read a 401, and another page nothing', TIMEOUT, async () => {
  const { origin } = await startServer()
  const refused = await request(`${origin}/report`, { headers: { origin: PAGE } })
  expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, PAGE])
  const preflight = { origin: PAGE, 'access-control-request-method': 'GET' }
  const allowed = await request(`${origin}/report`, { method: 'OPTIONS', headers: preflight })
  expect([allowed.status, allowed.headers['access-control-allow-credentials']]).toEqual([204, 'true'])
  const other = await request(`${origin}/report`, { headers: { origin: 'https://evil.example' } })
  expect(other.headers['access-control-allow-origin']).toBeUndefined()
})

test('while a webhook secret is rotated both count, and then the new one alone', TIMEOUT, async () => {
  const offline = await startOffline()
  const older = offline.webhookSecret
  const newer = offline.webhooks.rotateSecret()
  const statuses = async (secrets: string) => {
    const { origin, stop } = await startServer({ CLERK_WEBHOOK_SIGNING_SECRET: secrets }, offline)
    // What Svix sends within a day of the rotation is signed with both.
    offline.webhooks.sendTo(`${origin}/webhook`)
    offline.createUser()
    await offline.webhooks.settled()
    const answers = [
      await deliver(`${origin}/webhook`, older),
      await deliver(`${origin}/webhook`, newer),
      offline.webhooks.deliveries.at(-1)?.attempts[0]?.response?.status,
    ]
    await stop()
    return answers
  }
  expect(await statuses(older)).toEqual([200, 403, 200])
  expect(await statuses(`${older},${newer}`)).toEqual([200, 200, 200])
  expect(await statuses(newer)).toEqual([403, 200, 200])
})

test(
  'a secret key is rotated by two that count, and with a deleted one who is known stays signed in',
  ROTATION,
  async () => {
    const offline = await startOffline()
    const older = offline.secretKey
    const before = await startServer({ CLERK_SECRET_KEY: older }, offline)
    const ada = await before.signIn()
    expect((await statusOf(`${before.origin}/report`, ada))[0]).toBe(200)

    const newer = offline.addSecretKey()
    const after = await startServer({ CLERK_SECRET_KEY: newer }, offline)
    for (const { origin, signIn } of [before, after])
      expect((await statusOf(`${origin}/report`, await signIn()))[0]).toBe(200)
    offline.deleteSecretKey(older)
    expect((await statusOf(`${after.origin}/report`, await after.signIn()))[0]).toBe(200)
    // The process that was forgotten: an outage, and nobody is signed out.
    expect((await statusOf(`${before.origin}/report`, ada))[0]).toBe(200)
    expect(await statusOf(`${before.origin}/report`, await before.signIn())).toEqual([
      503,
      expect.objectContaining({ code: 'unavailable' }),
    ])
    const late = await startServer({ CLERK_SECRET_KEY: older }, offline).catch((error: unknown) =>
      String(error),
    )
    expect(late).toContain(
      'it answered 401, which refuses CLERK_SECRET_KEY: set it to a key of this instance',
    )
  },
)

test('keys of the key set are rotated without a restart', ROTATION, async () => {
  const offline = await startOffline()
  const { origin, signIn } = await startServer({}, offline)
  const before = await signIn()
  expect((await statusOf(`${origin}/report`, before))[0]).toBe(200)
  await offline.tokens.rotate()
  const after = await signIn()
  await vi.waitFor(async () => expect((await statusOf(`${origin}/report`, after))[0]).toBe(200), {
    timeout: 60_000,
    interval: 500,
  })
  expect((await statusOf(`${origin}/report`, before))[0]).toBe(200)
})

test(
  'a key in the environment is rotated by the way of the key set, and not without a restart',
  ROTATION,
  async () => {
    const offline = await startOffline()
    const older = offline.tokens.pem
    const pinned = await startServer({ CLERK_JWT_KEY: older }, offline)
    expect((await statusOf(`${pinned.origin}/report`, await pinned.signIn()))[0]).toBe(200)

    const open = await startServer({}, offline)
    const before = await open.signIn()
    await offline.tokens.rotate()
    const after = await open.signIn()
    expect((await statusOf(`${open.origin}/report`, before))[0]).toBe(200)
    await vi.waitFor(async () => expect((await statusOf(`${open.origin}/report`, after))[0]).toBe(200), {
      timeout: 60_000,
      interval: 500,
    })
    // The one that was not deployed again.
    expect((await statusOf(`${pinned.origin}/report`, after))[0]).toBe(401)

    const again = await startServer({ CLERK_JWT_KEY: offline.tokens.pem }, offline)
    expect((await statusOf(`${again.origin}/report`, after))[0]).toBe(200)
    expect((await statusOf(`${again.origin}/report`, before))[0]).toBe(401)
  },
)

test('a session cookie that the old secret has signed counts while both are listed', TIMEOUT, async () => {
  const offline = await startOffline()
  const sessions = new session.MemoryStore()
  const clerk = createClerk(fromEnv({ ...offline.env, CLERK_AUTHORIZED_PARTIES: PAGE }), memoryStore())
  const start = async (secret: string[]) => {
    const app = express()
    app.use(
      session({ secret, resave: false, saveUninitialized: false, store: sessions }),
      clerkMiddleware(clerk),
    )
    app.get('/', requireAuth(), (_req, res) => void res.json({}))
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }
  onTestFinished(() => clerk.close())
  const headers = { ...(await offline.authHeader(offline.createUser(), { azp: PAGE })), cookie: 'a=b' }
  const first = await request(await start(['old']), { headers })
  const cookie = first.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  expect([first.status, cookie]).toEqual([200, expect.stringContaining('connect.sid')])
  const status = async (secret: string[]) =>
    (await request(await start(secret), { headers: { cookie } })).status
  expect([await status(['new', 'old']), await status(['new'])]).toEqual([200, 401])
})

test('pruning is one call', TIMEOUT, async () => {
  const offline = await startClerk()
  onTestFinished(() => offline.stop())
  const { code } = await readSnippet(guide, 'prune.ts')
  const run = await runSnippet(code, {
    cwd: fileURLToPath(cwd),
    env: { ...offline.env, CLERK_AUTHORIZED_PARTIES: PAGE },
  })
  const { stdout, stderr } = await run.finished
  expect(stdout, stderr).toBe('0 events pruned\n')
})

test('what an environment file for Docker holds is read as it stands there', async () => {
  const { code } = await readSnippet(guide, 'production.env')
  // Docker splits at the first `=` and keeps the rest, quotes too.
  const env = Object.fromEntries(
    code
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  )
  expect(fromEnv(env)).toMatchObject({
    authorizedParties: ['https://app.example.com', 'https://admin.example.com'],
  })
})

async function startOffline(): Promise<OfflineClerk> {
  const offline = await startClerk()
  onTestFinished(() => offline.stop())
  return offline
}

async function startServer(env: Record<string, string> = {}, shared?: OfflineClerk) {
  const { origin, signIn, stop } = await runServerSnippet(guide, 'server.ts', cwd, env, { shared })
  return { origin, stop, signIn: () => signIn(`Ada${++people}`) }
}

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<[number, unknown]> {
  const { status, text } = await request(url, { headers })
  return [status, JSON.parse(text)]
}
