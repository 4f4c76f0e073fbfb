import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runServerSnippet } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import { describeWith } from '@acme/tools/services/vitest'
import { readSnippet } from '@acme/tools/snippets'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'

const production = new URL('../../../docs/production.md', import.meta.url)
const frontend = new URL('../../../docs/frontend.md', import.meta.url)
const cwd = new URL('..', import.meta.url)
const SPOOFED = {
  'x-forwarded-for': '198.51.100.1',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
}

await describeWith('nginx', 'nginx, as docs/production.md configures it', ({ path }) => {
  test('replaces what a client says of itself, and passes webhooks, large tokens and WebSockets on', {
    timeout: 120_000,
  }, async () => {
    const port = await freePort()
    const page = `http://localhost:${port}`
    const app = await runServerSnippet(frontend, 'server.ts', cwd, { CLERK_AUTHORIZED_PARTIES: page })
    await startNginx(path, port, app.origin)
    const { offline } = app
    const { id } = offline.createUser({ firstName: 'Ada' })
    const bearer = async (azp: string) => ({ authorization: `Bearer ${await offline.token(id, { azp })}` })
    const ask = (target: string, headers: Record<string, string> = {}, init: object = {}) =>
      request(`${page}${target}`, { headers, ...init })

    expect((await ask('/api/hello', await bearer(page))).text).toBe('hello Ada')
    const { headers } = await ask('/clerk/sign-in', SPOOFED)
    expect(new URL(headers.location ?? '').searchParams.get('redirect_url')).toMatch(
      `http://localhost/clerk/callback`,
    )
    // A token of the largest size that is accepted, beside cookies.
    const large = { authorization: `Bearer ${'x'.repeat(8192)}`, cookie: `a=${'y'.repeat(4096)}` }
    expect((await ask('/api/hello', large)).status).toBe(401)

    offline.webhooks.sendTo(`${page}/clerk/webhook`)
    offline.updateUser(id, { firstName: 'Grüße, Augusta 🎉' })
    await offline.webhooks.settled()
    expect(offline.webhooks.deliveries.at(-1)).toMatchObject({ status: 'succeeded' })
    expect((await ask('/api/hello', await bearer(page))).text).toBe('hello Grüße, Augusta 🎉')
    const tooLarge = await ask('/clerk/webhook', {}, { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) })
    expect(tooLarge.status).toBe(413)

    const token = await offline.token(offline.createSession(id), { azp: page })
    const socket = new WebSocket(`${page.replace('http', 'ws')}/live`, ['live', `bearer.${token}`], {
      origin: page,
    })
    expect(String((await once(socket, 'message'))[0])).toBe('connected')
    const closed = once(socket, 'close')
    offline.banUser(id)
    await offline.webhooks.settled()
    expect((await closed)[0]).toBe(4401)
  })

  test('names the address of the client and no other', { timeout: 120_000 }, async () => {
    const port = await freePort()
    const page = `http://localhost:${port}`
    const app = await runServerSnippet(production, 'server.ts', cwd, { CLERK_AUTHORIZED_PARTIES: page })
    await startNginx(path, port, app.origin)
    const { id } = app.offline.createUser()
    const headers = { ...SPOOFED, authorization: `Bearer ${await app.offline.token(id, { azp: page })}` }
    const { text } = await request(`${page}/report`, { headers })
    expect(JSON.parse(text)).toEqual({ done: true, ip: '127.0.0.1' })
  })
})

/** The block of the page in the smallest configuration that it needs. */
async function startNginx(path: string, port: number, backend: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'acme-clerk-nginx-'))
  const { code } = await readSnippet(production, 'nginx.conf')
  const location = code.replace('http://127.0.0.1:3000', backend.replace('localhost', '127.0.0.1'))
  expect(location).not.toBe(code)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const config = `
daemon off; pid ${folder}/pid; error_log stderr warn; worker_processes 1;
events {}
http {
  access_log off; ${temporary.join(' ')}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server { listen 127.0.0.1:${port};
${location}
  }
}
`
  await writeFile(join(folder, 'nginx.conf'), config)
  const child = spawn(path, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  })
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${stderr}`)
      expect((await request(`http://127.0.0.1:${port}/clerk/health`)).status).toBeLessThan(500)
    },
    { timeout: 30_000, interval: 100 },
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
