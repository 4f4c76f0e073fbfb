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
import express, { type Request, type RequestHandler, type Response } from 'express'
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
        serveEvents(bus, watchRequest(req), res)
      })
    }
    const server = createServer(app).listen(0, '127.0.0.1')
    serveSockets(server, clerk, (req) => withSession(req, clerkMiddleware(clerk)))
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

/** As docs/websockets.md shows it: the application's middleware, on a request that no response will follow. */
async function withSession(req: IncomingMessage, authenticate: RequestHandler): Promise<IncomingMessage> {
  const res = new ServerResponse(req) as Response
  for (const middleware of [readSession, authenticate]) {
    await new Promise<void>((resolve, reject) => {
      middleware(req as Request, res, (error?: unknown) => (error ? reject(error) : resolve()))
    })
  }
  return req
}

await runAuthorityTable(binding)
