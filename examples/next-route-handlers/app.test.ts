import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expectServed } from '@acme/adapter-suite/runtimes'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { PAGE, request } from '@acme/clerk-testing/adapters'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

const cwd = import.meta.dirname
const NEXT = fileURLToPath(import.meta.resolve('next/dist/bin/next'))
/** Next reports nothing to its makers, and finds no variable of the tests. */
const env = { PATH: process.env['PATH'], NEXT_TELEMETRY_DISABLED: '1' } as object as NodeJS.ProcessEnv

// On another Node it would be the same Next again.
describe.skipIf(process.env['TEST_NODE'] !== undefined)('Next, as it is built and started', () => {
  let offline: OfflineClerk
  let origin: string
  let server: ChildProcess | undefined

  beforeAll(async () => {
    // Without a key: they belong to the place where it runs.
    await promisify(execFile)(process.execPath, [NEXT, 'build'], { cwd, env })
    offline = await startClerk()
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    server = spawn(process.execPath, [NEXT, 'start', '--hostname', '127.0.0.1', '--port', String(port)], {
      cwd,
      env: { ...env, ...offline.env, ALLOW_OFFLINE_CLERK: '1', CLERK_AUTHORIZED_PARTIES: PAGE },
    })
    let output = ''
    for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk) => (output += chunk))
    await vi.waitFor(async () => {
      const health = await fetch(`${origin}/clerk/health`).catch(() => null)
      expect(health?.status, output).toBe(200)
    })
  }, 300_000)

  afterAll(async () => {
    const ended = server?.exitCode === null && new Promise((resolve) => server?.once('close', resolve))
    server?.kill('SIGKILL')
    await ended
    await offline?.stop()
  })

  test('serves what the adapter serves everywhere', () => expectServed(origin, offline))

  test('hands the parameters of a path to a route, and lets only an administrator delete', async () => {
    const member = offline.createUser({ firstName: 'Jonas' })
    const admin = offline.createUser({ firstName: 'Maya' })
    const organization = offline.createOrganization({ name: 'Harbour Bakery', createdBy: admin.id })
    offline.addMember(organization.id, member.id, 'org:member')
    const send = async (user: typeof member, method: string) => {
      const headers = await offline.authHeader(user, { organization })
      return request(`${origin}/notes/7`, { method, headers })
    }
    expect(JSON.parse((await send(member, 'GET')).text)).toEqual({ note: '7', of: 'Jonas' })
    expect((await send(member, 'DELETE')).status).toBe(403)
    expect(JSON.parse((await send(admin, 'DELETE')).text)).toEqual({ deleted: '7', in: organization.id })
  })

  test('the proxy sends who is not signed in to sign in, and knows the users of the routes', async () => {
    const navigation = { 'sec-fetch-dest': 'document' }
    const refused = await request(`${origin}/account?tab=1`, { headers: navigation })
    expect(refused.status).toBe(303)
    expect(new URL(refused.headers.location ?? '').searchParams.get('redirect_url')).toBe(
      `${origin}/account?tab=1`,
    )
    expect((await request(`${origin}/account`)).status).toBe(401)

    const ada = offline.createUser({ firstName: 'Ada' })
    const { authorization } = await offline.authHeader(offline.createSession(ada))
    const headers = { ...navigation, cookie: `__session=${authorization.replace('Bearer ', '')}` }
    const page = await request(`${origin}/account`, { headers })
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('Only for who is signed in')])
    // A webhook comes to a route, and the proxy acts on it.
    offline.banUser(ada.id)
    await offline.webhooks.settled()
    expect((await request(`${origin}/account`, { headers: { cookie: headers.cookie } })).status).toBe(401)
  })
})

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => listener.once('listening', resolve))
  const { port } = listener.address() as { port: number }
  await new Promise((resolve) => listener.close(resolve))
  return port
}
