import { createServer, type Server } from 'node:http'
import { clerkMiddleware, clerkRoutes } from '@acme/clerk-express'
import { createClerkContext } from '@acme/clerk-trpc'
import { pageConfig, pageFolder, pageHeaders, sessionSecret } from '@acme/example-page'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import express from 'express'
import session from 'express-session'
import { WebSocketServer } from 'ws'
import { createTeamClerk, type TeamClerk } from './clerk.js'
import { Notebook } from './notebook.js'
import { createRouter } from './router.js'

export type { AppRouter } from './router.js'

export interface Application {
  /** Does not listen yet. */
  readonly server: Server
  readonly clerk: TeamClerk
  /** Closes what the application has opened; the server is the caller's. */
  stop(): Promise<void>
}

export async function start(env: Readonly<Record<string, string | undefined>>): Promise<Application> {
  const clerk = createTeamClerk(env)
  await clerk.ready()
  const router = createRouter(clerk, new Notebook())
  // One for HTTP and WebSocket alike; over HTTP it takes what `clerkMiddleware` has found, session and all.
  const createContext = createClerkContext(clerk)

  const app = express()
  app.disable('x-powered-by')
  const headers = pageHeaders(env)
  app.use((_req, res, next) => {
    res.set(headers)
    next()
  })
  // A WebSocket has no session to fall back on, so the page keeps its token fresh.
  const config = pageConfig(env, {
    example: 'trpc',
    stack: 'tRPC · WebSocket · in memory',
    api: 'trpc',
    needsToken: true,
  })
  app.get('/config.json', (_req, res) => res.json(config))
  app.use(express.static(pageFolder))

  app.use(
    session({
      name: 'team-notes',
      secret: sessionSecret(env),
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto' },
    }),
  )
  app.use(clerkMiddleware(clerk))
  // /me, /health, /webhook, /sign-in, /sign-out …
  app.use(clerkRoutes(clerk))
  app.use('/trpc', createExpressMiddleware({ router, createContext }))

  const server = createServer(app)
  const sockets = new WebSocketServer({ server, path: '/trpc' })
  // Browsers open WebSockets from every site with the cookies of this one: the context refuses those of other origins.
  const { broadcastReconnectNotification } = applyWSSHandler({
    wss: sockets,
    router,
    createContext,
    keepAlive: { enabled: true },
  })

  return {
    server,
    clerk,
    async stop() {
      broadcastReconnectNotification()
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await clerk.close()
    },
  }
}
