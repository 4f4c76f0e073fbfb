import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startClerk } from '@acme/clerk-testing'
import { connectTo } from '@acme/example-page'
import { programOf } from '@acme/tools/runtimes'
import { expect, onTestFinished, test, vi } from 'vitest'

// On another Node it would be the same Bun again.
test.skipIf(process.env['TEST_NODE'] !== undefined)('the same application runs on Bun', async () => {
  const offline = await startClerk()
  const folder = await mkdtemp(join(tmpdir(), 'example-hono-bun-'))
  const origin = `http://127.0.0.1:${await freePort()}`
  const bun = spawn(programOf('bun'), ['src/bun.ts'], {
    cwd: new URL('..', import.meta.url),
    env: {
      ...{ PATH: process.env['PATH'], ...offline.env, CLERK_AUTHORIZED_PARTIES: origin },
      PORT: new URL(origin).port,
      SESSION_SECRET: 'thirty-two characters of a secret',
      DATABASE_URL: `file:${join(folder, 'notes.db')}`,
    } as object as NodeJS.ProcessEnv,
  })
  let output = ''
  for (const stream of [bun.stdout, bun.stderr]) stream.on('data', (chunk) => (output += chunk))
  onTestFinished(async () => {
    const closed = bun.exitCode === null && once(bun, 'close')
    bun.kill('SIGKILL')
    await closed
    await offline.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  await vi.waitFor(async () => {
    const health = await fetch(`${origin}/health`).catch(() => null)
    expect(health?.status, output).toBe(200)
  })

  offline.webhooks.sendTo(`${origin}/webhook`)
  const { id } = offline.createUser({ firstName: 'Maya', emailAddress: ['maya@example.com'] })
  const organization = offline.createOrganization({ name: 'Harbour Bakery', createdBy: id })
  await offline.webhooks.settled()
  expect(offline.webhooks.deliveries.map(({ status }) => status)).not.toContain('failed')
  const api = await connectTo(origin)
  const headers = await offline.authHeader(id, { organization, azp: origin })
  expect((await api.workspace(headers)).body).toMatchObject({ user: { firstName: 'Maya' }, plan: 'free' })
  expect((await api.add(headers, 'Feed the starter')).status).toBe(201)
  expect((await api.notes(headers)).body).toMatchObject([{ text: 'Feed the starter', author: 'Maya' }])
  expect((await fetch(`${origin}/page.js`)).headers.get('content-type')).toMatch('javascript')
  offline.banUser(id)
  await offline.webhooks.settled()
  expect((await api.workspace(headers)).status).toBe(401)
})

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  listener.close()
  await once(listener, 'close')
  return port
}
