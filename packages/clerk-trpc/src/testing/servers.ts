import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describeAuth, GUARDS } from '@acme/adapter-suite'
import type { Clerk } from '@acme/clerk-core'
import { initTRPC } from '@trpc/server'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import express from 'express'
import fastify from 'fastify'
import { type ClerkContext, createClerkContext, createGuards } from '../index.js'

const t = initTRPC.context<ClerkContext>().create()
const { authed } = createGuards(t)

/** One query per route of the shared suite. */
export const appRouter = t.router({
  open: t.procedure.query(({ ctx }) => describeAuth(ctx.auth)),
  private: authed().query(({ ctx }) => describeAuth(ctx.auth)),
  org: authed(GUARDS['/org'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  admin: authed(GUARDS['/admin'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  machine: authed(GUARDS['/machine'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  local: authed(GUARDS['/local'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
})
export type AppRouter = typeof appRouter

export interface RunningServer {
  readonly origin: string
  readonly server: Server
  stop(): Promise<void>
}

/** The router behind each of tRPC's adapters for HTTP. */
export const SERVERS: Record<string, (clerk: Clerk) => Promise<RunningServer>> = {
  standalone: (clerk) => serve(createHTTPHandler(optionsFor(clerk))),
  express: (clerk) => serve(express().use('/', createExpressMiddleware(optionsFor(clerk)))),
  fetch: (clerk) =>
    serve(fetchListener((req) => fetchRequestHandler({ ...optionsFor(clerk), req, endpoint: '' }))),
  fastify: async (clerk) => {
    const app = fastify()
    const trpcOptions = optionsFor(clerk) as FastifyTRPCPluginOptions<AppRouter>['trpcOptions']
    await app.register(fastifyTRPCPlugin<AppRouter>, { prefix: '', trpcOptions })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    return { origin, server: app.server, stop: () => app.close() }
  },
}

function optionsFor(clerk: Clerk) {
  return { router: appRouter, createContext: createClerkContext(clerk), allowMethodOverride: true }
}

export async function serve(listener: RequestListener): Promise<RunningServer> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Node's request as a fetch `Request`, as edge runtimes hand it over. */
function fetchListener(handle: (req: Request) => Promise<Response>): RequestListener {
  return async (req, res) => {
    const headers = new Headers()
    for (const [name, values] of Object.entries(req.headersDistinct)) {
      for (const value of values ?? []) headers.append(name, value)
    }
    const response = await handle(
      new Request(`http://app${req.url}`, { method: req.method ?? 'GET', headers }),
    )
    res.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text())
  }
}
