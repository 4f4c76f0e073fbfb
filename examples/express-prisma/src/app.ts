import { createServer, type Server, STATUS_CODES } from 'node:http'
import { fileURLToPath } from 'node:url'
import { authOf, clerkMiddleware, clerkRoutes, requireAuth } from '@acme/clerk-express'
import { pageConfig, pageFolder, pageHeaders, sessionSecret, workspaceOf } from '@acme/example-page'
import express, { type ErrorRequestHandler } from 'express'
import session from 'express-session'
import { administration, administratorOf } from './administrators.js'
import { createTeamClerk, type TeamClerk } from './clerk.js'
import { administratorsOf } from './create-administrator.js'
import { databaseUrl, openDatabase } from './database.js'
import { notesRouter } from './notes.js'

export interface Application {
  /** Does not listen yet. */
  readonly server: Server
  readonly clerk: TeamClerk
  /** Of the application itself. `npm run create-administrator` makes the first one. */
  readonly administrators: ReturnType<typeof administratorsOf>
  /** Closes what the application has opened; the server is the caller's. */
  stop(): Promise<void>
}

export async function start(env: Readonly<Record<string, string | undefined>>): Promise<Application> {
  const prisma = await openDatabase(databaseUrl(env))
  const clerk = createTeamClerk(prisma, env)
  await clerk.ready()

  const app = express()
  app.disable('x-powered-by')

  // The page and its files are public.
  const database = env['DATABASE_URL']?.startsWith('postgres') ? 'PostgreSQL' : 'SQLite'
  const headers = pageHeaders(env)
  const config = pageConfig(env, {
    example: 'express-prisma',
    stack: `Express · Prisma · ${database}`,
    admin: true,
  })
  app.use((_req, res, next) => {
    res.set(headers)
    next()
  })
  app.get('/config.json', (_req, res) => res.json(config))
  app.use(express.static(pageFolder))
  app.use(express.static(fileURLToPath(new URL('../../public/', import.meta.url))))

  app.use(
    session({
      name: 'team-notes',
      secret: sessionSecret(env),
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto' },
    }),
  )
  app.use(clerkMiddleware(clerk, { localUser: administratorOf(prisma) }))
  // /me, /health, /webhook, /sign-in, /sign-out …; before any body parser, for the webhook's raw bytes.
  app.use(clerkRoutes(clerk))

  app.use('/api', (_req, res, next) => {
    res.set('Cache-Control', 'no-store')
    next()
  })
  app.get('/api/workspace', requireAuth(), async (req, res) => {
    const auth = authOf(req)
    const subscription = await prisma.subscription.findUnique({ where: { userId: auth.userId } })
    res.json(await workspaceOf(clerk, auth, subscription?.plan))
  })
  app.use('/api', notesRouter(prisma))
  app.use('/admin', await administration(prisma))
  app.use(answerError)

  return {
    server: createServer(app),
    clerk,
    administrators: administratorsOf(prisma),
    async stop() {
      await clerk.close()
      await prisma.$disconnect()
    },
  }
}

/** Says no more than the status; the log has the rest. */
const answerError: ErrorRequestHandler = (error: { status?: number }, _req, res, next) => {
  if (res.headersSent) return next(error)
  const status = error.status !== undefined && error.status < 500 ? error.status : 500
  if (status === 500) console.error(error)
  return res.status(status).json({ error: STATUS_CODES[status], code: 'error' })
}
