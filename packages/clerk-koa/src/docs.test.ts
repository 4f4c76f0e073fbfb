import { request, runServerSnippet } from '@acme/adapter-suite'
import { signWebhook } from '@acme/clerk-testing'
import { expect, test } from 'vitest'

const doc = new URL('../../../docs/koa.md', import.meta.url)
const cwd = new URL('..', import.meta.url)
const TIMEOUT = { timeout: 60_000 }
const event = { object: 'event', type: 'email.created', timestamp: 1, instance_id: 'ins_1', data: {} }

test('the application of the guide does what the guide says', TIMEOUT, async () => {
  const { origin, signIn, offline } = await runServerSnippet(doc, 'app.ts', cwd)
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

  const json = { ...page, 'content-type': 'application/json' }
  const login = await request(`${origin}/login`, {
    method: 'POST',
    headers: json,
    body: '{"password":"secret"}',
  })
  expect(login.status).toBe(204)
  const cookie = (login.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')
  expect((await request(`${origin}/profile`, { headers: { cookie } })).text).toContain('"kind":"local"')

  const { headers, body } = signWebhook(event, offline.webhookSecret)
  expect((await request(`${origin}/auth/webhook`, { method: 'POST', headers, body })).status).toBe(200)
})

test('after a body parser that keeps the bytes the webhook is processed', TIMEOUT, async () => {
  const { origin, offline } = await runServerSnippet(doc, 'after-body-parser.ts', cwd)
  const { headers, body } = signWebhook(event, offline.webhookSecret)
  expect((await request(`${origin}/hooks/clerk`, { method: 'POST', headers, body })).status).toBe(200)
})
