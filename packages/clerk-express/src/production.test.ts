import { fileURLToPath } from 'node:url'
import { deliver, request, runServerSnippet, typecheckSnippets } from '@acme/adapter-suite'
import { startClerk } from '@acme/clerk-testing'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { expect, onTestFinished, test } from 'vitest'

const guide = new URL('../../../docs/production.md', import.meta.url)
const cwd = new URL('..', import.meta.url)
const TIMEOUT = { timeout: 60_000 }
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
  const secretOf = (byte: number) => `whsec_${Buffer.alloc(24, byte).toString('base64')}`
  const [older, newer] = [secretOf(1), secretOf(2)]
  const statuses = async (secrets: string) => {
    const { origin, stop } = await startServer({ CLERK_WEBHOOK_SIGNING_SECRET: secrets })
    const answers = [await deliver(`${origin}/webhook`, older), await deliver(`${origin}/webhook`, newer)]
    await stop()
    return answers
  }
  expect(await statuses(older)).toEqual([200, 403])
  expect(await statuses(`${older},${newer}`)).toEqual([200, 200])
  expect(await statuses(newer)).toEqual([403, 200])
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
  const { fromEnv } = await import('@acme/clerk-core')
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

async function startServer(env: Record<string, string> = {}) {
  const { origin, signIn, stop } = await runServerSnippet(guide, 'server.ts', cwd, env)
  return { origin, stop, signIn: () => signIn('Ada') }
}

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<[number, unknown]> {
  const { status, text } = await request(url, { headers })
  return [status, JSON.parse(text)]
}
