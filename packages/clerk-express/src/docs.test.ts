import { request, runServerSnippet } from '@acme/adapter-suite'
import { signWebhook } from '@acme/clerk-testing'
import { expect, test } from 'vitest'

const doc = (name: string) => new URL(`../../../docs/${name}`, import.meta.url)
const cwd = new URL('..', import.meta.url)
const run = (file: string, title: string) => runServerSnippet(doc(file), title, cwd)
const TIMEOUT = { timeout: 60_000 }
const event = { object: 'event', type: 'email.created', timestamp: 1, instance_id: 'ins_1', data: {} }

test('the application of the guide does what the guide says', TIMEOUT, async () => {
  const { origin, signIn, offline } = await run('express.md', 'app.ts')
  const ada = await signIn('Ada', 'admin')
  const page = { origin: 'http://localhost:3000' }

  const refused = await request(`${origin}/profile`, { headers: page })
  expect(refused.status).toBe(401)
  expect(refused.headers['access-control-allow-origin']).toBe(page.origin)
  expect((await request(`${origin}/profile`, { headers: ada })).text).toContain('"firstName":"Ada"')
  expect((await request(`${origin}/billing`, { headers: ada })).status).toBe(403)
  expect((await request(`${origin}/report`, { headers: ada })).status).toBe(200)
  const navigation = await request(`${origin}/page`, { headers: { 'sec-fetch-dest': 'document' } })
  expect(navigation.headers.location).toMatch(/^\/auth\/sign-in\?redirect_url=/)

  const login = await request(`${origin}/login`, {
    method: 'POST',
    headers: { ...page, 'content-type': 'application/json' },
    body: '{"username":"lea","password":"secret"}',
  })
  expect(login.status).toBe(204)
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  expect((await request(`${origin}/profile`, { headers: { cookie } })).text).toContain('"kind":"local"')
  expect((await request(`${origin}/billing`, { headers: { cookie } })).status).toBe(403)

  const { headers, body } = signWebhook(event, offline.webhookSecret)
  expect((await request(`${origin}/auth/webhook`, { method: 'POST', headers, body })).status).toBe(200)
})

test('after a body parser that keeps the bytes the webhook is processed', TIMEOUT, async () => {
  const { origin, offline } = await run('express.md', 'after-body-parser.ts')
  const { headers, body } = signWebhook(event, offline.webhookSecret)
  expect((await request(`${origin}/hooks/clerk`, { method: 'POST', headers, body })).status).toBe(200)
})

test('the application that has moved works', TIMEOUT, async () => {
  const { origin, signIn, offline } = await run('migrating-from-clerk-sdks.md', 'before-and-after.ts')
  const ada = await signIn('Ada')
  expect((await request(`${origin}/protected`)).status).toBe(401)
  expect((await request(`${origin}/protected`, { headers: ada })).text).toContain('"email":"ada@example.com"')
  expect((await request(`${origin}/admin`, { headers: ada })).status).toBe(403)
  const { headers, body } = signWebhook(event, offline.webhookSecret)
  expect((await request(`${origin}/webhook`, { method: 'POST', headers, body })).status).toBe(200)
})
