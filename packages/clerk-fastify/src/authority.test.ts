import {
  type AuthorityBinding,
  authenticateUpgrade,
  GUARD_NAMES,
  GUARDS,
  runAuthorityTable,
  serveEvents,
} from '@acme/adapter-suite/authority'
import { watchRequest } from '@acme/clerk-core'
import cookie from '@fastify/cookie'
import session, { type FastifySessionOptions } from '@fastify/session'
import websocket from '@fastify/websocket'
import fastify from 'fastify'
import { clerkPlugin, clerkRoutesPlugin, requireAuth } from './index.js'

/** Sessions are the same for every instance of the application. */
const sessions = new Map<string, string>()
const store: NonNullable<FastifySessionOptions['store']> = {
  get(id, done) {
    const found = sessions.get(id)
    done(null, found === undefined ? null : JSON.parse(found))
  },
  set(id, value, done) {
    sessions.set(id, JSON.stringify(value))
    done()
  },
  destroy(id, done) {
    sessions.delete(id)
    done()
  },
}

const binding: AuthorityBinding = {
  name: 'Fastify 5',
  async start({ clerk, bus }) {
    const app = fastify({ forceCloseConnections: true })
    await app.register(websocket)
    await app.register(cookie)
    await app.register(session, {
      secret: 'a secret with at least thirty-two characters',
      cookie: { secure: false },
      saveUninitialized: false,
      rolling: false,
      store,
    })
    await app.register(clerkPlugin, { clerk })
    await app.register(clerkRoutesPlugin, { clerk, prefix: '/auth' })
    for (const guard of GUARD_NAMES) {
      const onRequest = requireAuth(GUARDS[guard])
      app.get(`/g/${guard}`, { onRequest }, async () => ({}))
      app.get(`/events/${guard}`, { onRequest }, (request, reply) => {
        reply.hijack()
        serveEvents(bus, watchRequest(request), reply.raw)
      })
      // As docs/websockets.md shows it.
      app.get(`/ws/${guard}`, { websocket: true, onRequest }, async (socket, request) => {
        socket.on('message', () => socket.send('here'))
        const { closes } = await authenticateUpgrade(clerk, request)
        closes(socket)
      })
    }
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    return { origin, stop: () => app.close() }
  },
}

await runAuthorityTable(binding)
