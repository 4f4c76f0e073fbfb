import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AdapterBinding,
  type AppSpec,
  changedGuard,
  changeRows,
  describeAuth,
  GUARDS,
  LOCAL_USER,
  namedGuards,
  type RunningApp,
} from '@acme/clerk-testing/adapters'
import { getRequestListener } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { getIronSession, type IronSession } from 'iron-session'
import {
  auditLog,
  clerkMiddleware,
  clerkProtectedResource,
  clerkRoutes,
  clerkWebhook,
  requireAuth,
} from '../index.js'

interface BunRuntime {
  serve(options: { port: number; hostname: string; fetch: Hono['fetch'] }): {
    readonly port: number
    stop(closeAll: boolean): Promise<void>
  }
}

type Fields = { cart?: number; localName?: string }
type SessionEnv = { Variables: { session?: IronSession<Fields> } }

const onBun = process.versions['bun'] !== undefined

/** The application of the shared suite. */
export const honoBinding: AdapterBinding = {
  name: `Hono on ${onBun ? 'Bun' : 'Node'}`,
  ...(onBun ? { oneAtATime: true } : {}),
  sessions: ['cookie'],
  bodyParsers: ['keeps', 'raw', 'loses'],
  guard: (...given) => requireAuth(...(given as never)),
  start: (spec) => listen(build(spec)),
}

export function build(spec: AppSpec): Hono<SessionEnv> {
  const { clerk, sessions, bodyParser, routes, webhook, trustProxy } = spec
  const app = new Hono<SessionEnv>()
  // Hono itself would write the errors that are expected here to the console.
  app.onError((error, c) =>
    'getResponse' in error
      ? (error as never as { getResponse(): Response }).getResponse()
      : c.text('failed', 500),
  )
  app.use(auditLog(clerk, { write: spec.audit }))
  if (spec.resource !== undefined) app.use(clerkProtectedResource(clerk, spec.resource))
  if (bodyParser !== 'none') app.use(parser(bodyParser))
  if (sessions !== 'none') {
    app.use(async (c, next) => {
      const options = { password: 'thirty-two characters of a secret', cookieName: 'app' }
      c.set('session', await getIronSession<Fields>(c.req.raw, c.res, options))
      await next()
    })
  }
  const sessionOf = (c: Context) => c.get('session') as IronSession<Fields>
  const session = sessions === 'none' ? undefined : sessionOf
  const fromSession = (c: Context) => (sessionOf(c)?.localName ? LOCAL_USER : undefined)
  app.use(clerkMiddleware(clerk, { localUser: spec.localUser ?? fromSession, trustProxy, session }))
  if (spec.second !== undefined) app.use(clerkMiddleware(spec.second))
  app.route('/auth', clerkRoutes(clerk, routes))
  app.route('/other', clerkRoutes(spec.other))
  app.post('/hooks/clerk', clerkWebhook(clerk, webhook))
  app.get('/users/:id', (c) => c.json(describeAuth(c.var.auth)))
  app.get('/broken', () => {
    throw new Error('broken')
  })
  app.all('/open', (c) => c.json(describeAuth(c.var.auth)))
  for (const [path, [requirement, options]] of Object.entries(GUARDS))
    app.all(path, requireAuth(requirement, options), (c) => c.json(describeAuth(c.var.auth)))
  for (const [path, named] of Object.entries(namedGuards(spec)))
    app.all(path, requireAuth({}, { clerk: named }), (c) => c.json(describeAuth(c.var.auth)))
  app.all('/changed', changedGuard(requireAuth), (c) => c.json(describeAuth(c.var.auth)))
  app.get('/change', requireAuth(), (c) => c.json(changeRows(c.var.auth)))
  app.post('/cart', (c) => put(c, { cart: 1 }))
  app.post('/login', (c) => put(c, { localName: 'lea' }))
  app.get('/session', (c) => {
    const { cart = null, localName = null } = sessionOf(c)
    return c.json({ cart, localName })
  })
  return app
}

async function put(c: Context, fields: Fields): Promise<Response> {
  const session = c.get('session') as IronSession<Fields>
  Object.assign(session, fields)
  await session.save()
  return c.body(null, 204)
}

/** Hono keeps what is read by its own methods, and nothing of what is read from the request itself. */
function parser(kind: 'keeps' | 'raw' | 'loses'): MiddlewareHandler {
  return async ({ req }, next) => {
    await (kind === 'keeps' ? req.text() : kind === 'raw' ? req.arrayBuffer() : req.raw.text())
    await next()
  }
}

/** On Bun its own server, as users have it there. */
export async function listen(app: Pick<Hono, 'fetch'>): Promise<RunningApp> {
  const bun = (globalThis as { Bun?: BunRuntime }).Bun
  if (bun !== undefined) {
    const server = bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch })
    const origin = `http://127.0.0.1:${server.port}`
    return { origin, writes: () => 0, stop: () => server.stop(true) }
  }
  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes: () => 0,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
