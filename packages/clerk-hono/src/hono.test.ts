import { useHarnesses } from '@acme/adapter-suite'
import type { AuditEntry } from '@acme/clerk-core'
import { signWebhook } from '@acme/clerk-testing'
import { PAGE } from '@acme/clerk-testing/adapters'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { hc } from 'hono/client'
import { expect, onTestFinished, test } from 'vitest'
import { auditLog, clerkMiddleware, clerkRoutes, clerkWebhook, getAuth, requireAuth } from './index.js'
import { listen } from './testing/app.js'

const harness = useHarnesses()
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

async function serve(app: Pick<Hono, 'fetch'>): Promise<string> {
  const { origin, stop } = await listen(app)
  onTestFinished(stop)
  return origin
}

/** On Node, over a socket, and on a host that gives nothing but the request. */
async function everywhere(
  app: Pick<Hono, 'fetch' | 'request'>,
  ask: (fetch: (path: string, init?: RequestInit) => Promise<Response>) => Promise<void>,
) {
  const origin = await serve(app)
  await ask((path, init) => fetch(`${origin}${path}`, { redirect: 'manual', ...init }))
  await ask(async (path, init) => app.request(`http://app.example${path}`, init))
}

test('a guard before the middleware is an error for the application', async () => {
  const errors: Error[] = []
  const app = new Hono()
  app.onError((error, c) => {
    errors.push(error)
    return c.body(null, 500)
  })
  app.get('/', requireAuth(), (c) => c.body(null))
  expect((await app.request('/')).status).toBe(500)
  expect(errors.map(({ name }) => name)).toEqual(['MiddlewareMissingError'])
})

test('another library’s auth is never taken for ours', async () => {
  const { clerk, ada } = await harness()
  const app = new Hono().use(clerkMiddleware(clerk)).use(async (c, next) => {
    c.set('auth', { kind: 'user', isAuthenticated: true, userId: ada.id } as never)
    await next()
  })
  app.get('/kind', (c) => c.text(getAuth(c).kind))
  app.get('/', requireAuth(), (c) => c.body(null))
  expect((await app.request('/')).status).toBe(401)
  expect(await (await app.request('/kind')).text()).toBe('anonymous')
})

test('a guard for a whole path holds for all below it, in an application that is mounted there too', async () => {
  const { clerk, ada, bob } = await harness()
  const admin = new Hono().get('/', (c) => c.text('overview')).get('/users/:id', (c) => c.text('user'))
  const app = new Hono().use(clerkMiddleware(clerk)).use('/admin/*', requireAuth({ role: 'admin' }))
  app.route('/admin', admin)
  await everywhere(app, async (fetch) => {
    const statuses = async (path: string) => {
      const all = await Promise.all(
        [{}, bearer(bob.token), bearer(ada.token)].map((headers) => fetch(path, { headers })),
      )
      return all.map(({ status }) => status)
    }
    for (const path of ['/admin', '/admin/users/7', '/%61dmin', '/admin/users/7?x=1'])
      expect([path, await statuses(path)]).toEqual([path, [401, 403, 200]])
    for (const path of ['/ADMIN', '//admin', '/admin%2fusers/7', '/x/../admin/users/7'])
      expect([path, (await statuses(path)).slice(0, 2)]).toEqual([
        path,
        expect.toSatisfy((all: number[]) => all.every((status) => status > 400)),
      ])
  })
})

test('where a middleware has put another request in its place, that one counts', async () => {
  const { clerk, ada } = await harness()
  const app = new Hono().use(async (c, next) => {
    const headers = new Headers(c.req.raw.headers)
    headers.delete('authorization')
    if (c.req.query('as') === 'ada') headers.set('authorization', `Bearer ${ada.token}`)
    c.req.raw = new Request(c.req.raw, { headers })
    await next()
  })
  app.use(clerkMiddleware(clerk))
  app.get('/', requireAuth(), (c) => c.text(c.var.auth.userId))
  await everywhere(app, async (fetch) => {
    expect((await fetch('/', { headers: bearer(ada.token) })).status).toBe(401)
    expect(await (await fetch('/?as=ada')).text()).toBe(ada.id)
  })
})

test.each<[string, (c: Context) => Promise<unknown>, number]>([
  ['json', (c) => c.req.json(), 200],
  ['text', (c) => c.req.text(), 200],
  ['bytes', (c) => c.req.arrayBuffer(), 200],
  ['nothing that is kept', (c) => c.req.raw.text(), 500],
])('a webhook behind a middleware that has read %s', async (_what, read, status) => {
  const { clerk, offline } = await harness()
  const app = new Hono().use(async (c, next) => {
    await read(c)
    await next()
  })
  app.post('/hooks', clerkWebhook(clerk))
  // What is parsed and written again has other bytes.
  const event = { object: 'event', type: 'email.created', timestamp: 1, data: { '2': 'ä', '1': 1.0 } }
  const { headers, body } = signWebhook(event, offline.webhookSecret)
  await everywhere(app, async (fetch) => {
    const answer = await fetch('/hooks', { method: 'POST', headers, body: body.replace('{', '{ ') })
    expect(answer.status).toBe(status === 200 ? 403 : 500)
    expect((await fetch('/hooks', { method: 'POST', headers, body })).status).toBe(status)
  })
})

test('a webhook behind Hono’s own limit of bodies', async () => {
  const { clerk, offline } = await harness()
  const app = new Hono().use(bodyLimit({ maxSize: 1_000_000 }))
  app.post('/hooks', clerkWebhook(clerk))
  const event = { object: 'event', type: 'email.created', timestamp: 1, data: {} }
  const { headers, body } = signWebhook(event, offline.webhookSecret)
  await everywhere(app, async (fetch) => {
    const chunked = () => new Blob([body]).stream()
    const init = { method: 'POST', headers, body: chunked(), duplex: 'half' } as RequestInit
    expect((await fetch('/hooks', init)).status).toBe(200)
  })
})

test('headers that a middleware has prepared go with a refusal and a redirect', async () => {
  const { clerk } = await harness()
  const app = new Hono().use(async (c, next) => {
    c.header('x-trace', '7')
    c.header('set-cookie', 'a=1', { append: true })
    await next()
  })
  app.use(clerkMiddleware(clerk)).get('/', requireAuth({}, { redirect: true }), (c) => c.body(null))
  await everywhere(app, async (fetch) => {
    for (const [headers, status] of [
      [{}, 401],
      [{ 'sec-fetch-dest': 'document' }, 303],
    ] as const) {
      const answer = await fetch('/', { headers })
      expect([answer.status, answer.headers.get('x-trace'), answer.headers.getSetCookie()]).toEqual([
        status,
        '7',
        ['a=1'],
      ])
    }
  })
})

test('Hono’s client asks the routes, whose types it knows', async () => {
  const { clerk, ada } = await harness()
  const app = new Hono()
    .use(clerkMiddleware(clerk))
    .route('/auth', clerkRoutes(clerk))
    .get('/mine', requireAuth(), (c) => c.json({ id: c.var.auth.userId }))
  const client = hc<typeof app>(await serve(app))
  const headers = bearer(ada.token)
  const me = await client.auth.me.$get(undefined, { headers })
  expect(me.status === 200 && (await me.json()).clerkId).toBe(ada.id)
  const refused = await client.auth.me.$get()
  expect(refused.status === 401 && (await refused.json()).code).toBe('unauthenticated')
  expect(await (await client.mine.$get(undefined, { headers })).json()).toEqual({ id: ada.id })
  expect((await client.auth.ready.$get()).status).toBe(200)
})

test('elsewhere than on Node the audit log tells of a request when it is answered', async () => {
  const { clerk, ada } = await harness()
  const entries: AuditEntry[] = []
  const app = new Hono().use(auditLog(clerk, { write: (entry) => entries.push(entry) }))
  app.use(clerkMiddleware(clerk)).route('/auth', clerkRoutes(clerk))
  app.get('/users/:id', requireAuth(), (c) => c.body(null))
  app.get('/broken', () => {
    throw new Error('broken')
  })
  app.onError((_error, c) => c.body(null, 500))
  const bun = { requestIP: () => ({ address: '203.0.113.9' }) }
  const deno = { remoteAddr: { hostname: '203.0.113.9' } }
  const ask = async (path: string, env: object, headers = {}) => {
    await app.request(path, { headers: { 'x-request-id': 'r1', ...headers } }, env)
    return entries.at(-1)
  }
  expect(await ask('/users/7?secret=1', bun, bearer(ada.token))).toMatchObject({
    ...{
      userId: ada.id,
      route: '/users/:id',
      status: 200,
      ip: '203.0.113.9',
      completed: true,
      requestId: 'r1',
    },
  })
  expect(await ask('/users/7', { server: bun })).toMatchObject({ status: 401, ip: '203.0.113.9' })
  expect(await ask('/auth/health', deno)).toMatchObject({
    route: '/auth/health',
    status: 200,
    ip: '203.0.113.9',
  })
  expect(await ask('/nowhere', {})).toMatchObject({ route: null, status: 404, ip: null })
  expect(await ask('/broken', {})).toMatchObject({ route: '/broken', status: 500 })
  expect(entries).toHaveLength(5)
})

test('an application that is called without an environment works', async () => {
  const { clerk, ada } = await harness()
  const app = new Hono().use(clerkMiddleware(clerk)).get('/', (c) => c.text(c.var.auth.kind))
  const request = new Request('http://app.example/', { headers: { ...bearer(ada.token), origin: PAGE } })
  expect(await (await app.fetch(request)).text()).toBe('user')
})
