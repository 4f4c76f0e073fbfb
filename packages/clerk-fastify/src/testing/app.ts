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
import cookie from '@fastify/cookie'
import secureSession from '@fastify/secure-session'
import session, { type FastifySessionOptions } from '@fastify/session'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import {
  auditLog,
  authOf,
  clerkPlugin,
  clerkProtectedResource,
  clerkRoutesPlugin,
  clerkWebhookPlugin,
  requireAuth,
  toMcpAuthInfo,
} from '../index.js'

type Fields = { cart?: number; localName?: string; sessionId?: string }
const fieldsOf = (request: FastifyRequest) => (request as { session?: unknown }).session as Fields | undefined

const fromSession = (request: FastifyRequest) => (fieldsOf(request)?.localName ? LOCAL_USER : undefined)

const SECRET = 'a secret with at least thirty-two characters'
const METHODS = ['GET', 'POST'] as const

/** The application of the shared suite, on the Fastify that is given. */
export function fastifyBinding(name: string, hook: 'onRequest' | 'preHandler'): AdapterBinding {
  return {
    name,
    sessions: ['server', 'cookie'],
    bodyParsers: ['keeps', 'raw', 'loses'],
    guard: (...given) => requireAuth(...(given as never)),
    start: (spec) => start(fastify({ trustProxy: spec.trustProxy }), hook, spec),
  }
}

async function start(
  app: FastifyInstance,
  hook: 'onRequest' | 'preHandler',
  spec: AppSpec,
): Promise<RunningApp> {
  const { clerk, sessions, bodyParser, routes, webhook } = spec
  app.addHook('onRequest', auditLog(clerk, { write: spec.audit }))
  const table = spec.table ?? new SessionTable()
  // A hook that reads the body of every route, as raw-body plugins do, and leaves a stream that is at its end.
  if (bodyParser !== 'none') {
    app.addHook('preParsing', async (request, _reply, payload) => {
      const chunks: Buffer[] = []
      for await (const chunk of payload) chunks.push(chunk as Buffer)
      const bytes = Buffer.concat(chunks)
      if (bodyParser !== 'loses') {
        Object.assign(request, { rawBody: bodyParser === 'keeps' ? bytes : bytes.toString('utf8') })
      }
      return payload
    })
  }
  if (sessions === 'server') {
    await app.register(cookie)
    await app.register(session, {
      secret: SECRET,
      cookie: { secure: false },
      saveUninitialized: false,
      rolling: false,
      store: callbackStore(table) as FastifySessionOptions['store'] & object,
    })
  } else if (sessions === 'cookie') await app.register(secureSession, { key: Buffer.alloc(32, 1) })

  await app.register(clerkPlugin, {
    clerk,
    hook,
    localUser: spec.localUser ?? fromSession,
  })
  if (spec.second !== undefined) await app.register(clerkPlugin, { clerk: spec.second, hook })
  if (spec.resource !== undefined) await app.register(clerkProtectedResource(clerk, spec.resource))
  await app.register(clerkWebhookPlugin, { clerk, prefix: '/hooks/clerk', ...webhook })
  await app.register(clerkRoutesPlugin, { clerk, prefix: '/auth', ...routes })
  await app.register(clerkRoutesPlugin, { clerk: spec.other, prefix: '/other' })
  const write = requireAuth(WRITE)
  app.post(
    '/mcp',
    {
      onRequest: requireAuth({ machine: ['oauth'] }),
      preHandler(request, reply, done) {
        if (isWrite(request.body)) write.call(app, request, reply, done)
        else done()
      },
    },
    async (request, reply) => {
      reply.hijack()
      const auth = toMcpAuthInfo(authOf(request, { machine: ['oauth'] }))
      await answerMcp(request.raw, reply.raw, request.body, auth)
    },
  )
  app.get('/users/:id', async (request) => describeAuth(request.auth))
  app.get('/broken', async () => {
    throw new Error('broken')
  })
  app.route({ method: [...METHODS], url: '/open', handler: async (request) => describeAuth(request.auth) })
  const guarded = (url: string, guard: ReturnType<typeof requireAuth>, answer = describeAuth) =>
    app.route({
      method: [...METHODS],
      url,
      [hook]: guard,
      handler: async (request) => answer(request.auth),
    })
  for (const [url, [requirement, options]] of Object.entries(GUARDS))
    guarded(url, requireAuth(requirement, options))
  for (const [url, named] of Object.entries(namedGuards(spec)))
    guarded(url, requireAuth({}, { clerk: named }))
  guarded('/changed', changedGuard(requireAuth))
  guarded('/change', requireAuth(), changeRows)
  app.post('/cart', async (request, reply) => {
    Object.assign(fieldsOf(request) ?? {}, { cart: 1 })
    return reply.code(204).send()
  })
  app.post('/login', async (request, reply) => {
    Object.assign(fieldsOf(request) ?? {}, { localName: 'lea' })
    return reply.code(204).send()
  })
  app.get('/session', async (request, reply) => {
    const { cart = null, localName = null, sessionId = '' } = fieldsOf(request) ?? {}
    reply.header('x-session-id', sessionId ?? '')
    return { cart, localName }
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { origin, writes: () => table.writes, stop: () => app.close() }
}
