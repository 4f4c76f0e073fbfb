import { createServer } from 'node:http'
import { clerkMiddleware, requireAuth } from '@acme/clerk-hono'
import { getAuth, clerkMiddleware as official } from '@clerk/hono'
import { getRequestListener } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { getIronSession, type IronSession } from 'iron-session'
import type { App } from './app.js'
import { createBenchClerk, DATA, PUBLIC_PATH } from './clerk.js'
import type { Setup, Variant } from './setup.js'

type Session = IronSession<{ data?: object }>
const SEALED = { password: 'thirty-two characters of a secret', cookieName: 'app' }
const sessionOf = (c: Context) => c.get('session') as Session

const doNothing: MiddlewareHandler = async (_c, next) => {
  await next()
}

export function honoApp(variant: Variant, setup: Setup): App {
  let writes = 0
  const readSession: MiddlewareHandler = async (c, next) => {
    c.set('session', await getIronSession(c.req.raw, c.res, SEALED))
    await next()
    if (c.res.headers.has('set-cookie')) writes += 1
  }
  const { secretKey, publishableKey, pem: jwtKey, authorizedParties } = setup
  const isSignedIn: MiddlewareHandler = async (c, next) => {
    if (getAuth(c as never).userId === null) return c.body(null, 401)
    await next()
    return undefined
  }
  const guards: Record<Variant, () => [use: MiddlewareHandler[], guard: MiddlewareHandler]> = {
    ours: () => [[clerkMiddleware(createBenchClerk(setup))], requireAuth() as MiddlewareHandler],
    'no-op': () => [[doNothing], doNothing],
    bare: () => [[], doNothing],
    official: () => [
      [official({ secretKey, publishableKey, jwtKey, authorizedParties: [...authorizedParties] }) as never],
      isSignedIn,
    ],
    'ours-session': () => [
      [readSession, clerkMiddleware(createBenchClerk(setup), { session: sessionOf })],
      requireAuth() as MiddlewareHandler,
    ],
    'session-alone': () => [[readSession, doNothing], doNothing],
  }
  const app = new Hono()
  const [use, guard] = guards[variant]()
  for (const one of use) app.use(one)
  app.get('/start', async (c) => {
    if (variant === 'session-alone') {
      Object.assign(sessionOf(c), DATA)
      await sessionOf(c).save()
    }
    return c.json({ ok: true })
  })
  app.get(PUBLIC_PATH, (c) => c.json({ ok: true }))
  if (variant === 'bare') app.get('/', (c) => c.json({ ok: true }))
  else app.get('/', guard, (c) => c.json({ ok: true }))
  const server = createServer(getRequestListener(app.fetch))
  return { listen: (done) => server.listen(0, '127.0.0.1', done), writes: () => writes }
}
