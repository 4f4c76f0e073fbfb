import { join } from 'node:path'
import { expectServed, type Runtime, startExample, writeExample } from '@acme/adapter-suite/runtimes'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { PAGE, request } from '@acme/clerk-testing/adapters'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'

const example = (title: string) => ({
  file: new URL('../../../docs/fetch.md', import.meta.url),
  title,
  cwd: new URL('..', import.meta.url),
})

let offline: OfflineClerk
let env: Readonly<Record<string, string>>
beforeAll(async () => {
  offline = await startClerk()
  env = { ...offline.env, CLERK_AUTHORIZED_PARTIES: PAGE }
})
afterAll(() => offline.stop())

test.each<[string, Runtime]>([
  ['bun.ts', 'bun'],
  ['elysia.ts', 'bun'],
  ['deno.ts', 'deno'],
  ['worker.ts', 'workerd'],
  ['h3.ts', 'node'],
])('%s does on %s what the adapter does everywhere', async (title, runtime) => {
  await expectServed(await startExample(example(title), runtime, env), offline)
})

test('next.ts exports what Next calls with a request and its parameters', async () => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { GET, getNote } = (await import(
    join(await writeExample(example('next.ts')), 'next.ts')
  )) as NextRoutes
  const headers = await offline.authHeader(offline.createSession(offline.createUser({ firstName: 'Ada' })))
  const me = await GET(new Request('http://localhost:3000/clerk/me', { headers }))
  expect(await me.json()).toMatchObject({ firstName: 'Ada' })
  const note = (init: RequestInit) =>
    getNote(new Request('http://localhost:3000/notes/7', init), { params: Promise.resolve({ id: '7' }) })
  expect(await (await note({ headers })).json()).toEqual({ note: '7', of: 'Ada' })
  expect((await note({})).status).toBe(401)
})

interface NextRoutes {
  GET(request: Request): Promise<Response>
  getNote(request: Request, context: { params: Promise<{ id: string }> }): Promise<Response>
}

test('session.ts keeps a user signed in by the sealed session of the application', async () => {
  const secret = 'thirty-two characters of a secret'
  const origin = await startExample(example('session.ts'), 'node', { ...env, SESSION_SECRET: secret })
  const ada = offline.createUser({ firstName: 'Ada' })
  const { authorization } = await offline.authHeader(offline.createSession(ada))
  const visit = async (cookie: string) => {
    const { text, headers } = await request(`${origin}/visit`, { headers: { cookie } })
    const set = headers['set-cookie']?.at(-1)?.split(';')[0] ?? ''
    return { seen: JSON.parse(text) as unknown, cookie: set }
  }
  const signedIn = await visit(`__session=${authorization.replace('Bearer ', '')}`)
  expect(signedIn.seen).toEqual({ kind: 'user', visits: 1 })
  expect((await visit(signedIn.cookie)).seen).toEqual({ kind: 'user', visits: 2 })
  expect((await visit('')).seen).toEqual({ kind: 'anonymous', visits: 1 })
})
