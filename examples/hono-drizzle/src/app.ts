import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { authOf, clerkMiddleware, clerkRoutes, requireAuth } from '@acme/clerk-hono'
import { pageConfig, pageFolder, pageHeaders, sessionSecret, workspaceOf } from '@acme/example-page'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { serveStatic } from 'hono/serve-static'
import { getIronSession, type IronSession } from 'iron-session'
import { createTeamClerk, type TeamClerk } from './clerk.js'
import { openDatabase } from './database.js'
import { notesRoutes } from './notes.js'

type Env = Readonly<Record<string, string | undefined>>
type SessionEnv = { Variables: { session: IronSession<object> } }

/** The application, for every runtime that serves `fetch`; `main.ts` is for Node, `bun.ts` for Bun. */
export async function createTeamNotes(env: Env) {
  // The cookie is the session: it is sealed, so that the browser can neither read nor change it.
  const sealed = {
    password: sessionSecret(env),
    cookieName: 'team-notes',
    cookieOptions: { secure: env['NODE_ENV'] === 'production', sameSite: 'lax' },
  } as const
  const { db, close } = await openDatabase(env)
  const clerk = createTeamClerk(db, env)
  await clerk.ready()

  // The page and its files are public.
  const headers = Object.entries(pageHeaders(env))
  const config = pageConfig(env, { example: 'hono-drizzle', stack: 'Hono · Drizzle · SQLite' })
  const app = new Hono<SessionEnv>()
    .use(async (c, next) => {
      for (const [name, value] of headers) c.header(name, value)
      await next()
    })
    .get('/config.json', (c) => c.json(config))
    .use(
      serveStatic({
        root: pageFolder,
        join,
        rewriteRequestPath: (path) => (path === '/' ? '/index.html' : path),
        getContent: (path) => readFile(path).catch(() => null),
      }),
    )
    .use(async (c, next) => {
      c.set('session', await getIronSession(c.req.raw, c.res, sealed))
      await next()
    })
    .use(clerkMiddleware(clerk, { session: (c) => c.get('session') as IronSession<object> }))
    // /me, /health, /webhook, /sign-in, /sign-out …
    .route('/', clerkRoutes(clerk))
    .use('/api/*', async (c, next) => {
      c.header('Cache-Control', 'no-store')
      await next()
    })
    .get('/api/workspace', requireAuth(), async (c) => {
      const auth = authOf(c)
      return c.json(await workspaceOf(clerk, auth, auth.user.plan))
    })
    .route('/api/notes', notesRoutes(db))

  return {
    fetch: app.fetch,
    clerk,
    /** Closes what the application has opened; the server is the caller's. */
    async stop() {
      await clerk.close()
      close()
    },
  }
}

export interface Application {
  /** Does not listen yet. */
  readonly server: Server
  readonly clerk: TeamClerk
  stop(): Promise<void>
}

/** On Node. */
export async function start(env: Env): Promise<Application> {
  const { fetch, clerk, stop } = await createTeamNotes(env)
  return { server: createAdaptorServer({ fetch }) as Server, clerk, stop }
}
