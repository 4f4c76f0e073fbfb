import { once } from 'node:events'
import type { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AuthorityBinding, GUARD_NAMES, GUARDS, runAuthorityTable } from '@acme/adapter-suite/authority'
import { watchRequest } from '@acme/clerk-core'
import { type ServerType, serve, upgradeWebSocket } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { getIronSession, type IronSession } from 'iron-session'
import { type WebSocket, WebSocketServer } from 'ws'
import { clerkMiddleware, clerkRoutes, requireAuth } from './index.js'

/** The same for every instance of the application: the session lies sealed in its cookie. */
const SEALED = { password: 'thirty-two characters of a secret', cookieName: 'app' }
const sessionOf = (c: Context) => c.get('session') as IronSession<object>

const binding: AuthorityBinding = {
  name: 'Hono on Node',
  inMemory: true,
  refusesWithoutBody: true,
  async start({ clerk, bus }) {
    const app = new Hono<{ Variables: { session: IronSession<object> } }>()
    app.use(async (c, next) => {
      c.set('session', await getIronSession(c.req.raw, c.res, SEALED))
      await next()
    })
    app.use(clerkMiddleware(clerk, { session: sessionOf }))
    app.route('/auth', clerkRoutes(clerk))
    for (const guard of GUARD_NAMES) {
      const guarded = requireAuth(GUARDS[guard])
      app.get(`/g/${guard}`, guarded, (c) => c.json({}))
      app.get(`/events/${guard}`, guarded, (c) =>
        streamSSE(c, async (stream) => {
          const { signal } = watchRequest(c)
          const say = () => void stream.writeSSE({ data: 'here' })
          bus.on('tick', say)
          say()
          if (!signal.aborted) await once(signal, 'abort')
          bus.off('tick', say)
        }),
      )
      app.get(
        `/ws/${guard}`,
        guarded,
        upgradeWebSocket((c) => ({
          onOpen: (_event, { raw }) => watchRequest(c).closes(raw as WebSocket),
          onMessage: (_event, socket) => socket.send('here'),
        })),
      )
    }
    const server = await listen(app)
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async stop() {
        ;(server as ReturnType<typeof createServer>).closeAllConnections()
        server.close()
        await once(server, 'close')
      },
    }
  },
}

function listen(app: Pick<Hono, 'fetch'>): Promise<ServerType> {
  // What `ws` declares of its own options is less strict than what the server asks for.
  const websocket = { server: new WebSocketServer({ noServer: true }) as never }
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket }, () =>
      resolve(server),
    )
  })
}

await runAuthorityTable(binding)
