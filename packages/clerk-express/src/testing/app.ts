import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { answerMcp, isWrite, WRITE } from '@acme/adapter-suite'
import {
  type AdapterBinding,
  type AppSpec,
  callbackStore,
  changedGuard,
  changeRows,
  describeAuth,
  GUARDS,
  LOCAL_USER,
  namedGuards,
  type RunningApp,
  SessionTable,
} from '@acme/clerk-testing/adapters'
import cookieSession from 'cookie-session'
import express, { type Express, type Request } from 'express'
import session from 'express-session'
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

type Fields = { cart?: number; localName?: string }
const fieldsOf = (req: Request) => req.session as unknown as Fields

function storeOf(table: SessionTable): session.Store {
  const { Store } = session as object as { Store: new () => object }
  return Object.assign(new Store(), callbackStore(table)) as session.Store
}

/** The application of the shared suite, on the Express that is given. */
export function expressBinding(name: string, create: () => Express): AdapterBinding {
  return {
    name,
    sessions: ['server', 'cookie'],
    bodyParsers: ['keeps', 'raw', 'loses'],
    guard: (...given) => requireAuth(...(given as never)),
    start: (spec) => start(create(), spec),
  }
}

async function start(app: Express, spec: AppSpec): Promise<RunningApp> {
  const { clerk, sessions, bodyParser, routes, webhook } = spec
  app.set('trust proxy', spec.trustProxy)
  // Express prints errors of handlers, unless it thinks it is being tested.
  app.set('env', 'test')
  app.use(auditLog(clerk, { write: spec.audit }))
  if (spec.resource !== undefined) app.use(clerkProtectedResource(clerk, spec.resource))
  const table = spec.table ?? new SessionTable()
  if (bodyParser === 'keeps') {
    app.use(express.json({ verify: (req, _res, bytes) => Object.assign(req, { rawBody: bytes }) }))
  } else if (bodyParser === 'raw') app.use(express.raw({ type: '*/*' }))
  else if (bodyParser === 'loses') app.use(express.json())
  if (sessions === 'server') {
    app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false, store: storeOf(table) }))
  } else if (sessions === 'cookie') app.use(cookieSession({ keys: ['a secret'] }))

  const fromSession = (req: Request) => (fieldsOf(req)?.localName ? LOCAL_USER : undefined)
  app.use(clerkMiddleware(clerk, { localUser: spec.localUser ?? fromSession }))
  if (spec.second !== undefined) app.use(clerkMiddleware(spec.second))
  app.post('/hooks/clerk', clerkWebhook(clerk, webhook))
  app.use('/auth', clerkRoutes(clerk, routes))
  app.use('/other', clerkRoutes(spec.other))
  app.post('/mcp', requireAuth({ machine: ['oauth'] }), async (req, res, next) => {
    const body = await json(req)
    const answer = () => answerMcp(req, res, body, toMcpAuthInfo(authOf(req, { machine: ['oauth'] })))
    if (isWrite(body)) requireAuth(WRITE)(req, res, (error) => (error ? next(error) : void answer()))
    else await answer()
  })
  app.get('/users/:id', (req, res) => {
    res.json(describeAuth(req.auth))
  })
  app.get('/broken', () => {
    throw new Error('broken')
  })
  app.all('/open', (req, res) => {
    res.json(describeAuth(req.auth))
  })
  for (const [path, [requirement, options]] of Object.entries(GUARDS)) {
    app.all(path, requireAuth(requirement, options), (req, res) => {
      res.json(describeAuth(req.auth))
    })
  }
  for (const [path, named] of Object.entries(namedGuards(spec))) {
    app.all(path, requireAuth({}, { clerk: named }), (req, res) => {
      res.json(describeAuth(req.auth))
    })
  }
  app.all('/changed', changedGuard(requireAuth), (req, res) => {
    res.json(describeAuth(req.auth))
  })
  app.get('/change', requireAuth(), (req, res) => {
    res.json(changeRows(req.auth))
  })
  app.post('/cart', (req, res) => {
    fieldsOf(req).cart = 1
    res.status(204).end()
  })
  app.post('/login', (req, res) => {
    fieldsOf(req).localName = 'lea'
    res.status(204).end()
  })
  app.get('/session', (req, res) => {
    const { cart = null, localName = null } = fieldsOf(req)
    res.set('x-session-id', req.sessionID ?? '').json({ cart, localName })
  })
  return listen(app, () => table.writes)
}

export async function listen(app: Express, writes: () => number = () => 0): Promise<RunningApp> {
  const server = createServer(app).listen(0, '127.0.0.1')
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
