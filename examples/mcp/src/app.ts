import type { Server } from 'node:http'
import { authOf, clerkPlugin, clerkProtectedResource, requireAuth, toMcpAuthInfo } from '@acme/clerk-fastify'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import Fastify from 'fastify'
import { createNotesClerk } from './clerk.js'
import { Notebook } from './notebook.js'
import { createNotesServer, SCOPES, scopesOf } from './tools.js'

export interface Application {
  /** Does not listen yet. */
  readonly server: Server
  /** Closes what the application has opened. */
  stop(): Promise<void>
}

const OAUTH = { machine: ['oauth'] } as const

export async function start(env: Readonly<Record<string, string | undefined>>): Promise<Application> {
  const clerk = createNotesClerk(env)
  await clerk.ready()
  const notebook = new Notebook()
  const app = Fastify({ logger: { level: env['LOG_LEVEL'] ?? 'warn' } })

  // Where a client that was answered 401 finds out who gives tokens for this server, and for which scopes.
  await app.register(clerkProtectedResource(clerk, { scopes: SCOPES }))
  await app.register(clerkPlugin, { clerk })

  app.post(
    '/mcp',
    {
      onRequest: requireAuth(OAUTH),
      // What the tools of this request need. A 403 names the scopes, and the client asks its user for them.
      preHandler(request, reply, done) {
        const scopes = scopesOf(request.body)
        if (scopes.length === 0) done()
        else requireAuth({ ...OAUTH, oauth: { scopes } }).call(app, request, reply, done)
      },
    },
    async (request, reply) => {
      reply.hijack()
      const mcp = createNotesServer(notebook)
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
      reply.raw.once('close', () => void mcp.close())
      await mcp.connect(transport)
      const info = { auth: toMcpAuthInfo(authOf(request, OAUTH)) }
      await transport.handleRequest(Object.assign(request.raw, info), reply.raw, request.body)
    },
  )
  // Without sessions there is no stream to listen to and nothing to end.
  app.route({
    method: ['GET', 'DELETE'],
    url: '/mcp',
    onRequest: requireAuth(OAUTH),
    handler: async (_request, reply) => reply.code(405).header('allow', 'POST').send(),
  })
  await app.ready()

  return {
    server: app.server,
    async stop() {
      await app.close()
      await clerk.close()
    },
  }
}
