import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clerk, createClerk } from '@acme/clerk-core'
import type { AnyAuth, AnyClerk } from '@acme/clerk-core/adapter'
import {
  type AdapterBinding,
  type AppSpec,
  changedGuard,
  changeRows,
  describeAuth,
  GUARDS,
  LOCAL_USER,
  namedGuards,
  type RunningApp,
} from '@acme/clerk-testing/adapters'
import { getRequestListener } from '@hono/node-server'
import { getIronSession, type IronSession } from 'iron-session'
import { type ClerkFetch, clerkFetch } from '../index.js'

export type Handle = (request: Request) => Response | Promise<Response>
type Session = IronSession<{ cart?: number; localName?: string }>
type Adapted = ClerkFetch<AnyAuth & object, Session>

const asClerk = (clerk: AnyClerk) => clerk as object as Clerk
const METHODS = new Set(['GET', 'HEAD', 'POST'])

/** The application of the shared suite. */
export const fetchBinding: AdapterBinding = {
  name: 'fetch on Node',
  sessions: ['cookie'],
  // The bytes that another reader has taken are gone.
  bodyParsers: ['loses'],
  standsAlone: true,
  guard: (requirement, options) =>
    clerkFetch(createClerk({ jwksUrl: 'http://127.0.0.1:9/', authorizedParties: 'any' })).withAuth(
      requirement as never,
      () => new Response(),
      options as never,
    ),
  start: (spec) => serve((peerOf) => build(spec, peerOf)),
}

function build(spec: AppSpec, clientAddress: (request: Request) => string | undefined): Handle {
  const { clerk, trustProxy, resource } = spec
  const shared = { trustProxy, clientAddress }
  const session = (request: Request, response: Response) =>
    getIronSession(request, response, { password: 'thirty-two characters of a secret', cookieName: 'app' })
  const fromSession = async (_request: Request, loaded: () => Promise<Session>) =>
    spec.sessions !== 'none' && (await loaded()).localName ? LOCAL_USER : undefined
  const options = {
    ...spec.routes,
    ...spec.webhook,
    ...shared,
    localUser: spec.localUser ?? fromSession,
    ...(spec.sessions === 'none' ? {} : { session }),
    ...(resource === undefined ? {} : { resource }),
  }
  const adapt = (one: AnyClerk, more: object): Adapted =>
    clerkFetch(asClerk(one), { ...options, ...more }) as object as Adapted
  const auth = adapt(clerk, { prefix: '/auth' })
  const other = adapt(spec.other, { prefix: '/other' })
  const second = spec.second && adapt(spec.second, {})
  const { withAuth, open } = auth
  const describe = (_request: Request, { auth }: { auth: AnyAuth }) => Response.json(describeAuth(auth))

  const routes = new Map<string, Handle>()
  routes.set('/open', open(describe))
  for (const [path, [requirement, guardOptions]] of Object.entries(GUARDS))
    routes.set(path, withAuth(requirement, describe, guardOptions))
  for (const [path, named] of Object.entries(namedGuards(spec)))
    routes.set(
      path,
      (named === spec.second && second ? second : named === clerk ? auth : other).withAuth({}, describe),
    )
  routes.set(
    '/changed',
    changedGuard((requirement) => withAuth(requirement, describe)),
  )
  routes.set(
    '/change',
    withAuth({}, (_request, { auth }) => Response.json(changeRows(auth))),
  )
  const put = (fields: object) =>
    open(async (_request, { session }) => {
      const loaded = await session()
      Object.assign(loaded, fields)
      await loaded.save()
      return new Response(null, { status: 204 })
    })
  routes.set('/cart', put({ cart: 1 }))
  routes.set('/login', put({ localName: 'lea' }))
  const show = open(async (_request, { session }) => {
    const { cart = null, localName = null } = await session()
    return Response.json({ cart, localName })
  })
  routes.set('/session', show)
  routes.set('/broken', () => {
    throw new Error('broken')
  })

  return async (request) => {
    if (spec.bodyParser === 'loses') await request.text()
    const { pathname } = new URL(request.url)
    const handle = METHODS.has(request.method) ? routes.get(pathname) : undefined
    if (handle !== undefined) return handle(request)
    if (pathname === '/hooks/clerk' && request.method === 'POST') return auth.webhook(request)
    return (pathname.startsWith('/other/') ? other : auth).handler(request)
  }
}

/** Over a real socket; Node gives no `Request`, so the server that Hono uses on Node makes one. */
export async function serve(
  build: (peerOf: (request: Request) => string | undefined) => Handle,
): Promise<RunningApp> {
  const peers = new WeakMap<Request, string | undefined>()
  const handle = build((request) => peers.get(request))
  const listener = getRequestListener((request, env) => {
    peers.set(request, (env as { incoming: IncomingMessage }).incoming.socket.remoteAddress)
    return handle(request)
  })
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes: () => 0,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
