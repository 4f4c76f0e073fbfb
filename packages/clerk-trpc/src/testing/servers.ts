import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clerk } from '@acme/clerk-core'
import { type AppSpec, changedGuard, changeRows, describeAuth, GUARDS } from '@acme/clerk-testing/adapters'
import { initTRPC } from '@trpc/server'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import express from 'express'
import fastify from 'fastify'
import { type ClerkContext, createClerkContext, createGuards } from '../index.js'

const t = initTRPC.context<ClerkContext>().create()
export const { authed } = createGuards(t)

/** The clerks of an application: tRPC's adapter reads nothing else of the suite's. */
export type Clerks = Pick<AppSpec, 'clerk'> & Partial<Pick<AppSpec, 'second' | 'other'>>

/** One query per route of the shared suite. */
export const appRouter = t.router({
  open: t.procedure.query(({ ctx }) => describeAuth(ctx.auth)),
  private: authed().query(({ ctx }) => describeAuth(ctx.auth)),
  org: authed(GUARDS['/org'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  admin: authed(GUARDS['/admin'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  machine: authed(GUARDS['/machine'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  'api-key': authed(GUARDS['/api-key'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  m2m: authed(GUARDS['/m2m'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  oauth: authed(GUARDS['/oauth'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  pending: authed(GUARDS['/pending'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
  changed: changedGuard((requirement) => authed(requirement)).query(({ ctx }) => describeAuth(ctx.auth)),
  change: authed().query(({ ctx }) => changeRows(ctx.auth)),
  local: authed(GUARDS['/local'][0]).query(({ ctx }) => describeAuth(ctx.auth)),
})
export type AppRouter = typeof appRouter

/** Beside the routes above those whose guards name a clerk. */
function routerOf({ clerk, second, other }: Clerks) {
  const named = (one: AppSpec['clerk']) =>
    createGuards(t, { clerk: one })
      .authed()
      .query(({ ctx }) => describeAuth(ctx.auth))
  const routes = { first: named(clerk), second: named(second ?? clerk), elsewhere: named(other ?? clerk) }
  return t.mergeRouters(appRouter, t.router(routes)) as unknown as AppRouter
}

export interface RunningServer {
  readonly origin: string
  readonly server: Server
  stop(): Promise<void>
}

/** The router behind each of tRPC's adapters for HTTP. */
export const SERVERS: Record<string, (clerks: Clerks) => Promise<RunningServer>> = {
  standalone: (clerks) => serve(createHTTPHandler(optionsFor(clerks))),
  express: (clerks) => serve(express().use('/', createExpressMiddleware(optionsFor(clerks)))),
  fetch: (clerks) =>
    serve(fetchListener((req) => fetchRequestHandler({ ...optionsFor(clerks), req, endpoint: '' }))),
  fastify: async (clerks) => {
    const app = fastify()
    const trpcOptions = optionsFor(clerks) as FastifyTRPCPluginOptions<AppRouter>['trpcOptions']
    await app.register(fastifyTRPCPlugin<AppRouter>, { prefix: '', trpcOptions })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    return { origin, server: app.server, stop: () => app.close() }
  },
}

function optionsFor(clerks: Clerks) {
  const first = createClerkContext(clerks.clerk as Clerk)
  const second = clerks.second && createClerkContext(clerks.second as Clerk)
  // Contexts are joined as an application joins them.
  const createContext: typeof first = async (options) => ({
    ...(await first(options)),
    ...(await second?.(options)),
  })
  return { router: routerOf(clerks), createContext, allowMethodOverride: true }
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
export function fetchListener(handle: (req: Request) => Promise<Response>): RequestListener {
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
