import { once } from 'node:events'
import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AuthorityBinding,
  GUARD_NAMES,
  GUARDS,
  readOnlySlot,
  runAuthorityTable,
  SESSION_KEY,
  serveEvents,
  serveSockets,
} from '@acme/adapter-suite/authority'
import express, { type Request, type Response } from 'express'
import session from 'express-session'
import { clerkMiddleware, clerkRoutes, requireAuth } from './index.js'

const store = new session.MemoryStore()

/** Sessions are the same for every instance of the application. */
const readSession = session({ secret: 'a secret', resave: false, saveUninitialized: false, store })

const binding: AuthorityBinding = {
  name: 'Express 5',
  async start({ clerk, bus }) {
    const app = express()
    app.use(readSession)
    app.use(clerkMiddleware(clerk))
    app.use('/auth', clerkRoutes(clerk))
    for (const guard of GUARD_NAMES) {
      app.get(`/g/${guard}`, requireAuth(GUARDS[guard]), (_req, res) => {
        res.json({})
      })
      app.get(`/events/${guard}`, requireAuth(GUARDS[guard]), (req, res) => {
        serveEvents({ clerk, bus }, { auth: req.auth, guard, res })
      })
    }
    const server = createServer(app).listen(0, '127.0.0.1')
    serveSockets(server, clerk, sessionOf)
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

/** What a WebSocket guide of express-session does: its middleware, on a request that no response will follow. */
async function sessionOf(req: IncomingMessage) {
  const request = req as Request
  await new Promise<void>((resolve, reject) => {
    readSession(request, new ServerResponse(req) as Response, (error?: unknown) =>
      error ? reject(error) : resolve(),
    )
  })
  const fields = request.session as unknown as Record<string, unknown>
  return readOnlySlot(fields[SESSION_KEY])
}

await runAuthorityTable(binding)
