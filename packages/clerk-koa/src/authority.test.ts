import { once } from 'node:events'
import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AuthorityBinding,
  GUARD_NAMES,
  GUARDS,
  runAuthorityTable,
  serveEvents,
  serveSockets,
} from '@acme/adapter-suite/authority'
import { watchRequest } from '@acme/clerk-core'
import type { UpgradeRequest } from '@acme/clerk-core/adapter'
import Koa, { type Middleware } from 'koa'
import { createSession } from 'koa-session'
import { clerkMiddleware, clerkRoutes, requireAuth } from './index.js'

/** Sessions are the same for every instance of the application. */
const sessions = new Map<string, string>()
const store = {
  get: async (key: string) => JSON.parse(sessions.get(key) ?? 'null') as unknown,
  set: async (key: string, session: unknown) => void sessions.set(key, JSON.stringify(session)),
  destroy: async (key: string) => void sessions.delete(key),
}

const binding: AuthorityBinding = {
  name: 'Koa 3',
  async start({ clerk, bus }) {
    const app = new Koa()
    app.keys = ['a secret']
    const readSession = createSession({ store }, app)
    app.use(readSession)
    app.use(clerkMiddleware(clerk))
    app.use(clerkRoutes(clerk, { prefix: '/auth' }))
    for (const guard of GUARD_NAMES) {
      const guarded = requireAuth(GUARDS[guard])
      const route =
        (path: string, handle: Middleware): Middleware =>
        (ctx, next) =>
          ctx.path === path ? guarded(ctx, async () => handle(ctx, next)) : next()
      app.use(
        route(`/g/${guard}`, (ctx) => {
          ctx.body = {}
        }),
      )
      app.use(
        route(`/events/${guard}`, (ctx) => {
          ctx.respond = false
          serveEvents(bus, watchRequest(ctx), ctx.res)
        }),
      )
    }
    const server = createServer(app.callback()).listen(0, '127.0.0.1')
    serveSockets(server, clerk, (req) => withSession(app, [readSession, clerkMiddleware(clerk)], req))
    await once(server, 'listening')
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async stop() {
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      },
    }
  },
}

/** As docs/websockets.md shows it: the application's middleware, on a context that no response will follow. */
async function withSession(
  app: Koa,
  [readSession, authenticate]: readonly [Middleware, Middleware],
  req: IncomingMessage,
): Promise<UpgradeRequest> {
  const ctx = app.createContext(req, new ServerResponse(req)) as Parameters<Middleware>[0]
  await readSession(ctx, async () => authenticate(ctx, async () => undefined))
  return ctx
}

await runAuthorityTable(binding)
