import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json, text } from 'node:stream/consumers'
import { answerMcp, isWrite, WRITE } from '@acme/adapter-suite'
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
  SessionTable,
} from '@acme/clerk-testing/adapters'
import type Koa from 'koa'
import type { Context, Middleware } from 'koa'
import { createSession } from 'koa-session'
import {
  auditLog,
  authOf,
  clerkMiddleware,
  clerkProtectedResource,
  clerkRoutes,
  clerkWebhook,
  requireAuth,
  toMcpAuthInfo,
} from '../index.js'

type Fields = { cart?: number; localName?: string; externalKey?: string }
const fieldsOf = (ctx: Context) => (ctx as { session?: unknown }).session as Fields | undefined

/** The application of the shared suite, on the Koa that is given. */
export function koaBinding(name: string, create: () => Koa): AdapterBinding {
  return {
    name,
    sessions: ['server', 'cookie'],
    bodyParsers: ['keeps', 'raw', 'loses'],
    guard: (...given) => requireAuth(...(given as never)),
    start: (spec) => start(create(), spec),
  }
}

async function start(app: Koa, spec: AppSpec): Promise<RunningApp> {
  const { clerk, sessions, bodyParser, routes, webhook } = spec
  app.proxy = spec.trustProxy
  app.silent = true
  app.use(auditLog(clerk, { write: spec.audit }))
  if (spec.resource !== undefined) app.use(clerkProtectedResource(clerk, spec.resource))
  const table = spec.table ?? new SessionTable()
  // An object of its own, also where applications share the table.
  const store = {
    get: (id: string) => table.get(id),
    set: (id: string, row: unknown) => table.set(id, row),
    destroy: (id: string) => table.destroy(id),
  }
  app.keys = ['a secret']
  if (bodyParser !== 'none') app.use(parser(bodyParser))
  if (sessions !== 'none') app.use(createSession(sessions === 'server' ? { store } : {}, app))
  const fromSession = (ctx: Context) => (fieldsOf(ctx)?.localName ? LOCAL_USER : undefined)
  app.use(clerkMiddleware(clerk, { localUser: spec.localUser ?? fromSession }))
  if (spec.second !== undefined) app.use(clerkMiddleware(spec.second))
  app.use(clerkRoutes(clerk, { ...routes, prefix: '/auth' }))
  app.use(clerkRoutes(spec.other, { prefix: '/other' }))
  app.use(
    route('/mcp', (ctx) =>
      requireAuth({ machine: ['oauth'] })(ctx, async () => {
        const body = await json(ctx.req)
        const answer = async () => {
          ctx.respond = false
          await answerMcp(ctx.req, ctx.res, body, toMcpAuthInfo(authOf(ctx, { machine: ['oauth'] })))
        }
        if (isWrite(body)) await requireAuth(WRITE)(ctx, answer)
        else await answer()
      }),
    ),
  )
  app.use(
    route('/users/:id', (ctx) => {
      ctx.body = describeAuth(ctx.state.auth)
    }),
  )
  app.use(
    route('/broken', () => {
      throw new Error('broken')
    }),
  )
  app.use(route('/hooks/clerk', clerkWebhook(clerk, webhook)))
  app.use(
    route('/open', (ctx) => {
      ctx.body = describeAuth(ctx.state.auth)
    }),
  )
  const guarded = (path: string, guard: Middleware, answer: typeof describeAuth = describeAuth) =>
    route(path, (ctx) =>
      guard(ctx, async () => {
        ctx.body = answer(ctx.state.auth)
      }),
    )
  for (const [path, [requirement, options]] of Object.entries(GUARDS))
    app.use(guarded(path, requireAuth(requirement, options)))
  for (const [path, named] of Object.entries(namedGuards(spec)))
    app.use(guarded(path, requireAuth({}, { clerk: named })))
  app.use(guarded('/changed', changedGuard(requireAuth)))
  app.use(guarded('/change', requireAuth(), changeRows))
  app.use(route('/cart', (ctx) => put(ctx as Context, { cart: 1 })))
  app.use(route('/login', (ctx) => put(ctx as Context, { localName: 'lea' })))
  app.use(
    route('/session', (ctx) => {
      const { cart = null, localName = null, externalKey = '' } = fieldsOf(ctx as Context) ?? {}
      ctx.set('x-session-id', externalKey)
      ctx.body = { cart, localName }
    }),
  )
  return listen(app, () => table.writes)
}

/** The little of a router that is needed here; leaves the pattern where @koa/router does. */
function route(path: string, handle: Middleware): Middleware {
  const pattern = new RegExp(`^${path.replace(/:\w+/, '[^/]+')}$`)
  return (ctx, next) => {
    if (!pattern.test(ctx.path)) return next()
    ctx['_matchedRoute'] = path
    return handle(ctx, next)
  }
}

function put(ctx: Context, fields: Fields): void {
  Object.assign(fieldsOf(ctx) ?? {}, fields)
  ctx.status = 204
}

/** What the body parsers of Koa leave: koa-bodyparser keeps the text, raw-body makes a Buffer, others keep nothing. */
function parser(kind: 'keeps' | 'raw' | 'loses'): Middleware {
  return async (ctx, next) => {
    const raw = await text(ctx.req)
    const body = kind === 'raw' ? Buffer.from(raw) : raw === '' ? {} : JSON.parse(raw)
    Object.assign(ctx.request, { body }, kind === 'keeps' ? { rawBody: raw } : {})
    await next()
  }
}

export async function listen(app: Koa, writes: () => number = () => 0): Promise<RunningApp> {
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
