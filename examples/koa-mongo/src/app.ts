import { createServer, type Server } from 'node:http'
import { clerkMiddleware, clerkRoutes, requireAuth } from '@acme/clerk-koa'
import { pageConfig, pageFolder, pageHeaders, sessionSecret, workspaceOf } from '@acme/example-page'
import { Router } from '@koa/router'
import Koa from 'koa'
import session from 'koa-session'
import serve from 'koa-static'
import { MongoClient } from 'mongodb'
import { createTeamClerk, type TeamClerk } from './clerk.js'
import { notesRouter } from './notes.js'

export interface Application {
  /** Does not listen yet. */
  readonly server: Server
  readonly clerk: TeamClerk
  /** Closes what the application has opened; the server is the caller's. */
  stop(): Promise<void>
}

export async function start(env: Readonly<Record<string, string | undefined>>): Promise<Application> {
  const client = new MongoClient(env['MONGODB_URL'] ?? 'mongodb://127.0.0.1:27017/team_notes', {
    serverSelectionTimeoutMS: 3_000,
    // Without it a connection that went silent is waited for until the operating system gives it up.
    socketTimeoutMS: 10_000,
  })
  const clerk = await createTeamClerk(client.db(), env)
  await client.db().collection('notes').createIndex({ orgId: 1, createdAt: -1 })
  await clerk.ready()

  const app = new Koa()
  // The cookie is the session, so it is signed: what is in it can be read, but not changed.
  app.keys = [sessionSecret(env)]

  const headers = pageHeaders(env)
  const config = pageConfig(env, { example: 'koa-mongo', stack: 'Koa · MongoDB' })
  app.use(async (ctx, next) => {
    ctx.set(headers)
    if (ctx.path === '/config.json') ctx.body = config
    else await next()
  })
  app.use(serve(pageFolder))

  app.use(session({ key: 'team-notes', signed: true, httpOnly: true, sameSite: 'lax' }, app))
  app.use(clerkMiddleware(clerk))
  // /me, /health, /webhook, /sign-in, /sign-out …; before any body parser, for the webhook's raw bytes.
  app.use(clerkRoutes(clerk))

  const router = new Router()
  router.get('/api/workspace', requireAuth(), async (ctx) => {
    const { auth } = ctx.state
    ctx.set('Cache-Control', 'no-store')
    ctx.body = await workspaceOf(clerk, auth, auth.user.plan)
  })
  app.use(router.routes())
  app.use(notesRouter(client.db(), clerk).routes())

  return {
    server: createServer(app.callback()),
    clerk,
    async stop() {
      await clerk.close()
      await client.close()
    },
  }
}
