import { join } from 'node:path'
import { PAGE, request } from '@acme/adapter-suite'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { type Runtime, startExample, writeExample } from './testing/runtimes.js'

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
  const origin = await startExample(title, runtime, env)
  const ada = offline.createUser({ firstName: 'Ada' })
  const session = offline.createSession(ada)
  const headers = await offline.authHeader(session)
  const get = (path: string, more: Record<string, string> = headers) =>
    request(`${origin}${path}`, { headers: more })

  // The first requests of a process come together: they wait for one key set.
  const first = await Promise.all(Array.from({ length: 8 }, () => get('/hello')))
  expect(first.map(({ status, text }) => [status, text])).toEqual(first.map(() => [200, '{"hello":"Ada"}']))
  const refused = await get('/hello', {})
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer'])
  expect(JSON.parse((await get('/clerk/me')).text)).toMatchObject({ clerkId: ada.id, firstName: 'Ada' })
  expect((await get('/clerk/ready')).status).toBe(200)
  const signIn = await get('/clerk/sign-in?returnTo=/home', {})
  expect(new URL(signIn.headers.location ?? '').searchParams.get('redirect_url')).toBe(
    `${origin}/clerk/callback?returnTo=%2Fhome`,
  )

  offline.webhooks.sendTo(`${origin}/clerk/webhook`)
  offline.updateUser(ada.id, { firstName: 'Augusta' })
  await offline.webhooks.settled()
  expect(offline.webhooks.deliveries.at(-1)).toMatchObject({ status: 'succeeded' })
  expect((await get('/hello')).text).toBe('{"hello":"Augusta"}')
  const large = await request(`${origin}/clerk/webhook`, {
    method: 'POST',
    headers: { 'transfer-encoding': 'chunked' },
    body: 'x'.repeat(1_048_577),
  })
  expect([large.status, JSON.parse(large.text).code]).toEqual([413, 'webhook-too-large'])

  const cookie = `__session=${headers.authorization.replace('Bearer ', '')}`
  const signOut = (from: string) =>
    request(`${origin}/clerk/sign-out`, { method: 'POST', headers: { cookie, origin: from } })
  expect((await signOut('https://evil.example')).status).toBe(403)
  expect((await signOut(PAGE)).status).toBe(303)
  expect((await get('/hello')).status).toBe(401)
  expect(offline.getSession(session.id).status).toBe('revoked')
})

test('next.ts exports what Next calls with a request and its parameters', async () => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { GET, getNote } = (await import(join(await writeExample('next.ts'), 'next.ts'))) as NextRoutes
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
  const origin = await startExample('session.ts', 'node', { ...env, SESSION_SECRET: secret })
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
