import type { Server } from 'node:http'
import { auditLog, authOf, clerkPlugin, clerkRoutesPlugin, requireAuth } from '@acme/clerk-fastify'
import { pageConfig, pageFolder, pageHeaders, sessionSecret, workspaceOf } from '@acme/example-page'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import files from '@fastify/static'
import Fastify from 'fastify'
import { createTeamClerk, type TeamClerk } from './clerk.js'
import { openDatabase } from './database.js'
import { notes } from './notes.js'

export interface Application {
  /** Does not listen yet. */
  readonly server: Server
  readonly clerk: TeamClerk
  /** Closes what the application has opened; the server is the caller's. */
  stop(): Promise<void>
}

export async function start(env: Readonly<Record<string, string | undefined>>): Promise<Application> {
  const prisma = await openDatabase(env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres')
  const clerk = createTeamClerk(prisma, env)
  await clerk.ready()

  const app = Fastify({ logger: { level: env['LOG_LEVEL'] ?? 'warn' } })
  // Who did what, for the record: with LOG_LEVEL=info.
  app.addHook('onRequest', auditLog(clerk, { write: (entry) => app.log.info({ audit: entry }) }))
  const headers = pageHeaders(env)
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(headers)
  })

  // The page and its files are public.
  await app.register(files, { root: pageFolder })
  const config = pageConfig(env, { example: 'fastify-postgres', stack: 'Fastify · Prisma · PostgreSQL' })
  app.get('/config.json', async () => config)

  await app.register(async (api) => {
    await api.register(cookie)
    await api.register(session, {
      cookieName: 'team-notes',
      secret: sessionSecret(env),
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto' },
    })
    await api.register(clerkPlugin, { clerk })
    // /me, /health, /webhook, /sign-in, /sign-out …
    await api.register(clerkRoutesPlugin, { clerk })
    await api.register(notes, { prisma, prefix: '/api/notes' })

    api.get('/api/workspace', { onRequest: requireAuth() }, async (request, reply) => {
      reply.header('Cache-Control', 'no-store')
      return workspaceOf(clerk, authOf(request))
    })
  })
  await app.ready()

  return {
    server: app.server,
    clerk,
    async stop() {
      await app.close()
      await clerk.close()
      await prisma.$disconnect()
    },
  }
}
