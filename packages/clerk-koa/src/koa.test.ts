import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { recordOf, useHarnesses } from '@acme/adapter-suite'
import { authenticateUpgrade, refuseUpgrade } from '@acme/clerk-core'
import { PAGE, request } from '@acme/clerk-testing/adapters'
import Koa from 'koa'
import { createSession } from 'koa-session'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { clerkMiddleware, clerkRoutes, getAuth, requireAuth } from './index.js'
import { listen } from './testing/app.js'

const harness = useHarnesses()

const answerKind: Koa.Middleware = (ctx) => {
  ctx.body = ctx.state.auth.kind
}

async function serve(app: Koa): Promise<string> {
  app.silent = true
  const { origin, stop } = await listen(app)
  onTestFinished(stop)
  return origin
}

test('a guard before the middleware is an error for the application', async () => {
  const app = new Koa()
  const errors: Error[] = []
  app.on('error', (error) => errors.push(error))
  app.use(requireAuth())
  expect((await request(await serve(app))).status).toBe(500)
  expect(errors.map(({ name }) => name)).toEqual(['MiddlewareMissingError'])
})

test('a handler’s own error reaches the middleware above, guarded or not', async () => {
  const { clerk, ada } = await harness()
  const app = new Koa()
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      ctx.status = 418
      ctx.body = (error as Error).message
    }
  })
  app.use(clerkMiddleware(clerk))
  app.use(requireAuth())
  app.use(async () => {
    throw new Error('mine')
  })
  const { status, text } = await request(await serve(app), {
    headers: { authorization: `Bearer ${ada.token}` },
  })
  expect([status, text]).toEqual([418, 'mine'])
})

test('another library’s ctx.state.auth is never taken for ours', async () => {
  const { clerk, ada } = await harness()
  const app = new Koa()
  app.use(clerkMiddleware(clerk))
  app.use((ctx, next) => {
    Object.assign(ctx.state, { auth: { kind: 'user', isAuthenticated: true, userId: ada.id } })
    return next()
  })
  app.use((ctx, next) => {
    if (ctx.path !== '/auth-kind') return next()
    ctx.body = getAuth(ctx).kind
    return undefined
  })
  app.use(requireAuth())
  const origin = await serve(app)
  expect((await request(origin)).status).toBe(401)
  expect((await request(`${origin}/auth-kind`)).text).toBe('anonymous')
})

test('a record in an unsigned cookie is not trusted', async () => {
  const own = await harness()
  const { clerk } = own
  const forged = Buffer.from(
    JSON.stringify({ acmeClerk: recordOf(own, own.ada), _expire: Date.now() + 60_000 }),
  ).toString('base64')
  const app = new Koa()
  app.use(createSession({ signed: false }, app))
  app.use(clerkMiddleware(clerk))
  app.use(answerKind)
  const { text } = await request(await serve(app), { headers: { cookie: `koa.sess=${forged}` } })
  expect(text).toBe('anonymous')
})

test('a session that the application has dropped is created again', async () => {
  const { clerk, ada } = await harness()
  const app = new Koa()
  app.keys = ['a secret']
  app.use(createSession({}, app))
  app.use((ctx, next) => {
    ;(ctx as { session?: unknown }).session = null
    return next()
  })
  app.use(clerkMiddleware(clerk))
  app.use(answerKind)
  const { text, headers } = await request(await serve(app), { headers: { cookie: `__session=${ada.token}` } })
  expect(text).toBe('user')
  expect(headers['set-cookie']?.[0]).toContain('koa.sess=')
})

test('a package that cannot renew the id of a session gets no record', async () => {
  const { clerk, ada } = await harness()
  const errors: string[] = []
  clerk.observe((event) => void (event.name === 'session.error' && errors.push(event.operation)))
  const session = { externalKey: 'fixed', toJSON: () => ({}) }
  const app = new Koa()
  Object.assign(app.context, { session, sessionOptions: { store: {} } })
  app.use(clerkMiddleware(clerk))
  app.use(answerKind)
  const { text } = await request(await serve(app), { headers: { cookie: `__session=${ada.token}` } })
  expect(text).toBe('user')
  expect(Object.keys(session)).toEqual(['externalKey', 'toJSON'])
  expect(errors).toEqual(['write'])
})

test('the routes can be mounted at the root, and a prefix may end with a slash', async () => {
  const { clerk } = await harness()
  for (const [prefix, path] of [
    [undefined, '/health'],
    ['/auth/', '/auth/health'],
  ] as const) {
    const app = new Koa()
    app.use(clerkRoutes(clerk, { prefix }))
    const origin = await serve(app)
    expect((await request(`${origin}${path}`)).text).toBe('{"status":"ok"}')
    expect((await request(`${origin}/authors/health`)).status).toBe(404)
  }
})

test('a WebSocket beside a Koa application', async () => {
  const { clerk, ada } = await harness()
  const app = new Koa()
  app.use(clerkMiddleware(clerk))
  const server = createServer(app.callback())
  const wss = new WebSocketServer({ noServer: true })
  server.on('upgrade', async (req, socket, head) => {
    const upgrade = await authenticateUpgrade(clerk, req)
    if (upgrade.denial !== null) return refuseUpgrade(socket, upgrade.denial)
    wss.handleUpgrade(req, socket, head, (ws) => upgrade.closes(ws))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const headers = { cookie: `__session=${ada.token}`, origin: PAGE }
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers })
  await once(socket, 'open')
  const closed = once(socket, 'close')
  await clerk.signOut(ada.sessionId)
  expect((await closed)[0]).toBe(4401)
})
