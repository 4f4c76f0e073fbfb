import { recordOf, useHarnesses } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import cookieSession from 'cookie-session'
import express, { type ErrorRequestHandler, type Express } from 'express'
import session from 'express-session'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { auditLog, clerkMiddleware, clerkRoutes, getAuth, requireAuth } from './index.js'
import { listen } from './testing/app.js'

const harness = useHarnesses()

async function serve(app: Express): Promise<string> {
  const { origin, stop } = await listen(app)
  onTestFinished(stop)
  return origin
}

const renderError: ErrorRequestHandler = (error, _req, res, _next) => {
  res.status(500).json({ name: error.name, message: error.message })
}

test('a guard or a handler before the middleware is an error for the error handler', async () => {
  const app = express()
  app.get('/guarded', requireAuth(), (_req, res) => void res.send('open'))
  app.get('/auth-kind', (req, res) => void res.json(getAuth(req)))
  app.use(renderError)
  const origin = await serve(app)
  for (const path of ['/guarded', '/auth-kind']) {
    const { status, text } = await request(`${origin}${path}`)
    expect(status).toBe(500)
    expect(JSON.parse(text)).toMatchObject({
      name: 'MiddlewareMissingError',
      message: expect.stringMatching(/clerkMiddleware/),
    })
  }
})

test('another library’s req.auth is never taken for ours', async () => {
  const { clerk, ada } = await harness()
  const forged = { kind: 'user', isAuthenticated: true, userId: ada.id, has: () => true }
  const app = express()
  app.get('/alone', (req, _res, next) => {
    Object.assign(req, { auth: forged })
    next()
  })
  app.get('/alone', requireAuth(), (_req, res) => void res.send('open'))
  app.use(clerkMiddleware(clerk))
  app.use((req, _res, next) => {
    Object.assign(req, { auth: forged })
    next()
  })
  app.get('/over', requireAuth(), (_req, res) => void res.send('open'))
  app.get('/auth-kind', (req, res) => void res.json(getAuth(req).kind))
  app.use(renderError)
  const origin = await serve(app)
  expect((await request(`${origin}/alone`)).status).toBe(500)
  expect((await request(`${origin}/over`)).status).toBe(401)
  expect((await request(`${origin}/auth-kind`)).text).toBe('"anonymous"')
})

test('a requirement with an unknown key is refused when the guard is made', () => {
  expect(() => requireAuth({ rolle: 'admin' } as never)).toThrow(/rolle/)
  expect(() => requireAuth({ role: undefined } as never)).toThrow(/role/)
})

test('options that are no URLs are refused when routes and middleware are made', async () => {
  const { clerk } = await harness()
  expect(() => clerkMiddleware(clerk, { signInUrl: 'javascript:alert(1)' })).toThrow(/signInUrl/)
  expect(() => clerkRoutes(clerk, { signInUrl: 'javascript:alert(1)' })).toThrow(/signInUrl/)
  expect(() => clerkRoutes(clerk, { afterSignOutUrl: '//evil.example' })).toThrow(/afterSignOutUrl/)
  expect(() => clerkRoutes(clerk, { returnTo: ['/path'] })).toThrow(/returnTo/)
})

test('the application’s own sign-in page is used by the routes and the guards', async () => {
  const { clerk } = await harness()
  const app = express()
  app.use(clerkMiddleware(clerk, { signInUrl: '/login?theme=dark#form' }))
  app.use('/auth', clerkRoutes(clerk, { signInUrl: 'https://login.example.com/in', afterSignOutUrl: '/bye' }))
  app.all('/page', requireAuth({}, { redirect: true }), (_req, res) => void res.send('open'))
  const origin = await serve(app)
  const navigation = { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'same-origin' }
  const location = async (path: string, method = 'GET') =>
    (await request(`${origin}${path}`, { method, headers: navigation })).headers.location
  expect(await location('/page?a=1')).toBe(
    `/login?theme=dark&redirect_url=${encodeURIComponent(`${origin}/page?a=1`)}#form`,
  )
  expect(await location('/page', 'POST')).toBe(
    `/login?theme=dark&redirect_url=${encodeURIComponent(`${origin}/`)}#form`,
  )
  expect(await location('/auth/sign-in')).toContain('https://login.example.com/in?redirect_url=')
  expect(await location('/auth/sign-out')).toBe('/bye')
})

test('a record in an unsigned cookie is not trusted', async () => {
  const own = await harness()
  const { clerk } = own
  const forged = Buffer.from(JSON.stringify({ acmeClerk: recordOf(own, own.ada) })).toString('base64')
  for (const [signed, kind] of [
    [false, 'anonymous'],
    [true, 'anonymous'],
  ] as const) {
    const app = express()
    app.use(cookieSession(signed ? { keys: ['a secret'] } : { signed: false }))
    app.use(clerkMiddleware(clerk))
    app.get('/', (req, res) => void res.json(req.auth.kind))
    const { text } = await request(await serve(app), { headers: { cookie: `session=${forged}` } })
    expect(JSON.parse(text)).toBe(kind)
  }
})

test('the session of an unsupported package is not written to', async () => {
  const { clerk, ada } = await harness()
  const app = express()
  const foreign = Object.freeze({ acmeClerk: { v: 1 }, save: () => undefined })
  app.use((req, _res, next) => {
    Object.assign(req, { session: foreign })
    next()
  })
  app.use(clerkMiddleware(clerk))
  app.get('/', (req, res) => void res.json(req.auth.kind))
  const { text } = await request(await serve(app), { headers: { cookie: `__session=${ada.token}` } })
  expect(JSON.parse(text)).toBe('user')
})

test('a session store that fails fails no request, and no record is written under the old id', async () => {
  const { clerk, ada } = await harness()
  const errors: string[] = []
  clerk.observe(({ name }) => void (name === 'session.error' && errors.push(name)))
  class Broken extends session.MemoryStore {
    override destroy(_id: string, done?: (error?: unknown) => void): void {
      done?.(new Error('down'))
    }
  }
  const app = express()
  app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false, store: new Broken() }))
  app.use(clerkMiddleware(clerk))
  app.get('/', (req, res) => void res.json({ kind: req.auth.kind, session: Object.keys(req.session) }))
  const { status, text } = await request(await serve(app), { headers: { cookie: `__session=${ada.token}` } })
  expect(status).toBe(200)
  expect(JSON.parse(text)).toEqual({ kind: 'user', session: ['cookie'] })
  expect(errors).toHaveLength(1)
})

test('the lifetime that the application chose for a session survives the new id', async () => {
  const { clerk, ada } = await harness()
  const app = express()
  app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false }))
  app.post('/remember-me', (req, res) => {
    req.session.cookie.maxAge = 3_600_000
    Object.assign(req.session, { remembered: true })
    res.end()
  })
  app.use(clerkMiddleware(clerk))
  app.get('/', (req, res) => void res.json(req.session.cookie.originalMaxAge))
  const origin = await serve(app)
  const { headers } = await request(`${origin}/remember-me`, { method: 'POST' })
  const cookie = `${headers['set-cookie']?.[0]?.split(';')[0]}; __session=${ada.token}`
  const answer = await request(origin, { headers: { cookie } })
  expect(answer.text).toBe('3600000')
  expect(answer.headers['set-cookie']?.[0]).not.toContain(cookie.split(';')[0])
})

test('pino can write the audit log', async () => {
  const { clerk, ada } = await harness()
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line) => lines.push(line) })
  const app = express()
  app.use(auditLog(clerk, { write: (entry) => log.info(entry, 'request') }))
  app.use(clerkMiddleware(clerk))
  const tenant = express.Router({ mergeParams: true })
  tenant.get('/users/:id', (_req, res) => void res.send('ok'))
  app.use('/tenants/:tenant', tenant)
  const origin = await serve(app)
  await request(`${origin}/tenants/acme/users/1`, {
    headers: { authorization: `Bearer ${ada.token}`, 'x-request-id': 'r-1' },
  })
  await expect.poll(() => lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    msg: 'request',
    userId: ada.id,
    route: '/tenants/:tenant/users/:id',
    requestId: 'r-1',
  })
})

test('in nested routers and applications the routes find themselves and lead back', async () => {
  const { clerk, ada } = await harness()
  const nested = (path: string, handler: express.Handler) =>
    express.Router({ mergeParams: true }).use(path, handler)
  const app = express()
  app.use('/api', nested('/v1', nested('/auth', clerkRoutes(clerk))))
  app.use('/t/:tenant', express().use('/auth', clerkRoutes(clerk)))
  const origin = await serve(app)
  const headers = { authorization: `Bearer ${ada.token}` }
  for (const base of ['/api/v1/auth', '/t/acme/auth']) {
    const { location } = (await request(`${origin}${base}/sign-in?returnTo=/x`)).headers
    expect(new URL(location ?? '').searchParams.get('redirect_url')).toBe(
      `${origin}${base}/callback?returnTo=%2Fx`,
    )
    expect((await request(`${origin}${base}/me`, { headers })).status).toBe(200)
  }
})
