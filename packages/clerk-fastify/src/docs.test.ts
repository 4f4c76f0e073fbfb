import { once } from 'node:events'
import { request, runServerSnippet } from '@acme/adapter-suite'
import { signWebhook } from '@acme/clerk-testing'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'

const doc = (name: string) => new URL(`../../../docs/${name}`, import.meta.url)
const cwd = new URL('..', import.meta.url)
const TIMEOUT = { timeout: 60_000 }
const event = { object: 'event', type: 'email.created', timestamp: 1, instance_id: 'ins_1', data: {} }

test('the application of the guide does what the guide says', TIMEOUT, async () => {
  const { origin, signIn, offline } = await runServerSnippet(doc('fastify.md'), 'app.ts', cwd)
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
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  expect((await request(`${origin}/profile`, { headers: { cookie } })).text).toContain('"kind":"local"')

  const { headers, body } = signWebhook(event, offline.webhookSecret)
  expect((await request(`${origin}/auth/webhook`, { method: 'POST', headers, body })).status).toBe(200)
})

test.each(['ws.ts', 'fastify.ts'])(
  'the WebSocket server %s lets members of an organisation in',
  TIMEOUT,
  async (title) => {
    const { origin, signIn } = await runServerSnippet(doc('websockets.md'), title, cwd)
    const member = new WebSocket(origin.replace('http', 'ws'), { headers: await signIn('Ada', 'admin') })
    await once(member, 'open')
    member.send('hello')
    expect(String((await once(member, 'message'))[0])).toBe('user said hello')
    member.close()

    const single = new WebSocket(origin.replace('http', 'ws'), { headers: await signIn('Bob') })
    const [error] = await once(single, 'error').catch((reason) => [reason])
    expect(String(error)).toContain('403')
  },
)
