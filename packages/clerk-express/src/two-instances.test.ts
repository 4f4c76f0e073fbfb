import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { useHarnesses } from '@acme/adapter-suite'
import { startClerk } from '@acme/clerk-testing'
import { createHarness, request } from '@acme/clerk-testing/adapters'
import express, { type Express } from 'express'
import session from 'express-session'
import { expect, onTestFinished, test } from 'vitest'
import { clerkMiddleware, requireAuth } from './index.js'

const makeHarness = useHarnesses()

async function listen(app: Express): Promise<string> {
  app.set('env', 'test')
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A second Clerk instance, with users of its own: the shop beside its administration. */
async function otherInstance() {
  const offline = await startClerk()
  const harness = await createHarness(offline)
  onTestFinished(async () => {
    await harness.close()
    await offline.stop()
  })
  return harness
}

test('a guard that names no instance refuses to choose between two that looked at the request', async () => {
  const [shop, administration] = await Promise.all([makeHarness(), otherInstance()])
  const app = express()
  app.use(clerkMiddleware(administration.clerk))
  app.use(clerkMiddleware(shop.clerk))
  app.get('/administration', requireAuth({ role: 'admin' }), (_req, res) => {
    res.json({})
  })
  const origin = await listen(app)
  // An administrator of an organisation in the shop, and unknown here.
  const headers = { authorization: `Bearer ${shop.ada.token}` }
  expect((await request(`${origin}/administration`, { headers })).status).toBe(500)
})

test('two instances that share one session keep what the application has in it', async () => {
  const [shop, administration] = await Promise.all([makeHarness(), otherInstance()])
  const store = new session.MemoryStore()
  const readSession = session({ secret: 'a secret', resave: false, saveUninitialized: false, store })
  const serve = (clerk: Parameters<typeof clerkMiddleware>[0]) => {
    const app = express()
    app.use(readSession, clerkMiddleware(clerk))
    app.get('/cart', (req, res) => {
      const fields = req.session as unknown as { cart?: number }
      fields.cart = (fields.cart ?? 0) + 1
      res.json(fields.cart)
    })
    return listen(app)
  }
  const shopUrl = await serve(shop.clerk)
  const administrationUrl = await serve(administration.clerk)
  let cookie = ''
  const visit = async (url: string, token: string) => {
    const response = await request(`${url}/cart`, { headers: { cookie: `${cookie}; __session=${token}` } })
    cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? cookie
    return JSON.parse(response.text) as unknown
  }
  expect(await visit(shopUrl, shop.ada.token)).toBe(1)
  expect(await visit(administrationUrl, administration.ada.token)).toBe(2)
  expect(await visit(shopUrl, shop.ada.token)).toBe(3)
})

test('a row changed by one handler is not what the next request sees', async () => {
  const { clerk, ada } = await makeHarness()
  const app = express()
  app.use(clerkMiddleware(clerk))
  app.get('/', requireAuth(), (req, res) => {
    const { auth } = req
    if (auth.kind !== 'user') throw new Error('a user passes the guard')
    const row = auth.user as unknown as { firstName: string | null; publicMetadata: Record<string, unknown> }
    const seen = JSON.stringify([row.firstName, row.publicMetadata])
    try {
      row.publicMetadata['admin'] = true
      row.firstName = 'Mallory'
    } catch (error) {
      // A frozen row says so at once.
      if (!(error instanceof TypeError)) throw error
    }
    res.json(seen)
  })
  const origin = await listen(app)
  const headers = { authorization: `Bearer ${ada.token}` }
  const first = (await request(origin, { headers })).text
  expect((await request(origin, { headers })).text).toBe(first)
})
