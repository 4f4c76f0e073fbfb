import { once } from 'node:events'
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2'
import { useHarnesses } from '@acme/adapter-suite'
import { authenticateUpgrade } from '@acme/clerk-core'
import { signWebhook } from '@acme/clerk-testing'
import { PAGE, request } from '@acme/clerk-testing/adapters'
import websocket from '@fastify/websocket'
import fastify, { type FastifyInstance } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { clerkPlugin, clerkRoutesPlugin, clerkWebhookPlugin, getAuth, requireAuth } from './index.js'

const harness = useHarnesses()

async function serve(app: Pick<FastifyInstance, 'listen' | 'close'>): Promise<string> {
  onTestFinished(() => app.close())
  return app.listen({ port: 0, host: '127.0.0.1' })
}

test('a guard outside the plugin’s scope is an error for the error handler', async () => {
  const { clerk } = await harness()
  const app = fastify()
  app.setErrorHandler((error: Error, _request, reply) => reply.code(500).send({ name: error.name }))
  await app.register(async (scope) => {
    await scope.register(clerkPlugin, { clerk })
    scope.get('/inside', async (request) => request.auth.kind)
  })
  app.get('/guarded', { onRequest: requireAuth() }, async () => 'open')
  app.get('/auth-kind', async (req) => getAuth(req).kind)
  const origin = await serve(app)
  expect((await request(`${origin}/inside`)).text).toBe('anonymous')
  for (const path of ['/guarded', '/auth-kind']) {
    const { status, text } = await request(`${origin}${path}`)
    expect([status, text]).toEqual([500, '{"name":"MiddlewareMissingError"}'])
  }
})

test('two scopes can have a Clerk each', async () => {
  const one = await harness()
  const two = await harness({ authorizedParties: ['https://other.example'] })
  const app = fastify()
  for (const [prefix, clerk] of [
    ['/one', one.clerk],
    ['/two', two.clerk],
  ] as const) {
    await app.register(
      async (scope) => {
        await scope.register(clerkPlugin, { clerk })
        scope.get('/', async (request) => request.auth.kind)
      },
      { prefix },
    )
  }
  const origin = await serve(app)
  const headers = { authorization: `Bearer ${one.ada.token}` }
  expect((await request(`${origin}/one`, { headers })).text).toBe('user')
  expect((await request(`${origin}/two`, { headers })).text).toBe('anonymous')
})

test('another plugin’s request.auth stops the start, and cannot replace ours', async () => {
  const { clerk } = await harness()
  const taken = fastify()
  taken.decorateRequest('auth', null as never)
  taken.register(clerkPlugin, { clerk })
  await expect(taken.ready()).rejects.toThrow(/auth/)

  const app = fastify()
  await app.register(clerkPlugin, { clerk })
  app.addHook('onRequest', async (req) => {
    ;(req as { auth: unknown }).auth = { kind: 'user', isAuthenticated: true }
  })
  app.get('/', { onRequest: requireAuth() }, async () => 'open')
  expect((await request(await serve(app))).status).toBe(500)
})

test('a failing guard leaves the parsers and error handlers of the application as they are', async () => {
  const { clerk, ada } = await harness()
  const app = fastify()
  await app.register(clerkPlugin, { clerk })
  await app.register(clerkWebhookPlugin, { clerk, prefix: '/hook' })
  await app.register(clerkRoutesPlugin, { clerk, prefix: '/auth' })
  app.post('/echo', { preHandler: requireAuth() }, async (req) => req.body)
  const origin = await serve(app)
  const body = '{"a":1}'
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${ada.token}` }
  expect((await request(`${origin}/echo`, { method: 'POST', headers, body })).text).toBe(body)
  expect(
    (await request(`${origin}/echo`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body }))
      .status,
  ).toBe(415)
})

test('HTTP/2 behaves like HTTP/1', async () => {
  const { clerk, ada, offline } = await harness({ webhook: { maxBodyBytes: 5000 } })
  const app = fastify({ http2: true })
  await app.register(clerkPlugin, { clerk })
  await app.register(clerkWebhookPlugin, { clerk, prefix: '/hook', bodyTimeoutSeconds: 0.05 })
  await app.register(clerkRoutesPlugin, { clerk, prefix: '/auth' })
  app.get('/private', { onRequest: requireAuth() }, async (req) => req.auth.kind)
  const origin = await serve(app)
  const session = connectHttp2(origin)
  onTestFinished(() => session.close())
  const warnings: Error[] = []
  const listen = (warning: Error) => warnings.push(warning)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))

  const send = async (path: string, headers: OutgoingHttpHeaders = {}, body?: string, ends = true) => {
    const stream = session.request({ ':path': path, ...headers }, { endStream: body === undefined })
    if (body !== undefined) {
      stream.write(body)
      if (ends) stream.end()
    }
    const [answer] = await once(stream, 'response')
    let text = ''
    for await (const chunk of stream.setEncoding('utf8')) text += chunk
    stream.close()
    return { status: answer[':status'], text, headers: answer }
  }

  expect(await send('/private')).toMatchObject({ status: 401 })
  expect(await send('/private', { authorization: `Bearer ${ada.token}` })).toMatchObject({
    status: 200,
    text: 'user',
  })
  expect(await send('/private', { cookie: ['a=b', `__session=${ada.token}`] as never })).toMatchObject({
    status: 200,
  })
  const signIn = await send('/auth/sign-in')
  expect(signIn.headers['location']).toContain(encodeURIComponent(`${origin}/auth/callback`))

  const event = {
    object: 'event',
    type: 'email.created',
    timestamp: Date.now(),
    instance_id: 'ins_1',
    data: {},
  }
  const { headers, body } = signWebhook(event, offline.webhookSecret)
  const post = { ':method': 'POST', ...headers }
  expect(await send('/hook', post, body)).toMatchObject({ status: 200 })
  expect(await send('/hook', post, 'x'.repeat(5001))).toMatchObject({ status: 413 })
  expect(await send('/hook', post, '{', false)).toMatchObject({ status: 408 })
  await new Promise(setImmediate)
  expect(warnings).toEqual([])
})

test('request.auth of a WebSocket route follows the Origin rule, and the socket ends with the session', async () => {
  const { clerk, ada } = await harness()
  const app = fastify()
  await app.register(websocket)
  await app.register(clerkPlugin, { clerk })
  app.get('/live', { websocket: true, onRequest: requireAuth() }, async (socket, req) => {
    const { closes } = await authenticateUpgrade(clerk, req.raw)
    closes(socket)
    socket.send(req.auth.kind)
  })
  const url = (await serve(app)).replace('http', 'ws')
  const cookie = `__session=${ada.token}`
  const evil = new WebSocket(`${url}/live`, { headers: { cookie, origin: 'https://evil.example' } })
  const [error] = await once(evil, 'error').catch((reason) => [reason])
  expect(String(error)).toContain('401')

  const socket = new WebSocket(`${url}/live`, { headers: { cookie, origin: PAGE } })
  expect(String((await once(socket, 'message'))[0])).toBe('user')
  const closed = once(socket, 'close')
  await clerk.signOut(ada.sessionId)
  expect((await closed)[0]).toBe(4401)
})

test('with the hook preHandler a login that runs in an earlier hook is seen', async () => {
  const { clerk } = await harness()
  const app = fastify()
  app.addHook('preValidation', async (req) => void Object.assign(req, { loggedIn: { id: 7 } }))
  await app.register(clerkPlugin, {
    clerk,
    hook: 'preHandler',
    localUser: (req) => (req as { loggedIn?: unknown }).loggedIn,
  })
  app.get('/', { preHandler: requireAuth({ local: 'allow' }) }, async (req) => req.auth.kind)
  expect((await request(await serve(app))).text).toBe('local')
})

test('inject() works as over a socket', async () => {
  const { clerk, ada } = await harness()
  const app = fastify()
  await app.register(clerkPlugin, { clerk })
  app.get('/', { onRequest: requireAuth() }, async (req) => req.auth.kind)
  expect((await app.inject('/')).statusCode).toBe(401)
  expect((await app.inject({ url: '/', headers: { authorization: `Bearer ${ada.token}` } })).body).toBe(
    'user',
  )
})

test('below prefixes with parameters, nested and rewritten, the routes lead back to where the client sees them', async () => {
  const { clerk, ada } = await harness()
  const app = fastify({ rewriteUrl: (req) => (req.url ?? '').replace(/^\/public\//, '/api/') })
  await app.register(
    async (scope) => {
      await scope.register(async (inner) => inner.register(clerkRoutesPlugin, { clerk, prefix: '/auth' }), {
        prefix: '/t/:tenant',
      })
    },
    { prefix: '/api' },
  )
  const origin = await serve(app)
  const headers = { authorization: `Bearer ${ada.token}` }
  for (const base of ['/api/t/acme/auth', '/public/t/acme/auth']) {
    const { location } = (await request(`${origin}${base}/sign-in?returnTo=/x`)).headers
    expect(new URL(location ?? '').searchParams.get('redirect_url')).toBe(
      `${origin}${base}/callback?returnTo=%2Fx`,
    )
    expect((await request(`${origin}${base}/me`, { headers })).status).toBe(200)
  }
})

test.each(['onSend', 'onResponse', 'preParsing', 'onError', 'nonsense', null])(
  'the hook %j is refused at registration',
  async (hook) => {
    const { clerk } = await harness()
    const app = fastify()
    app.register(clerkPlugin, { clerk, hook: hook as never })
    await expect(app.ready()).rejects.toThrow(/hook/)
  },
)

test('where an earlier hook has refused, request.auth is anonymous in error handlers and serializers, and throws nothing', async () => {
  const { clerk } = await harness()
  const lines: string[] = []
  const app = fastify({
    logger: {
      stream: { write: (line: string) => void lines.push(line) },
      serializers: { req: (req) => ({ who: req.auth?.kind }) },
    },
  })
  app.addHook('onRequest', async (req) => {
    if (req.url === '/limited') throw Object.assign(new Error('too many'), { statusCode: 429 })
  })
  await app.register(clerkPlugin, { clerk })
  app.setErrorHandler((error: Error & { statusCode?: number }, req, reply) => {
    const { auth } = req
    reply.code(error.statusCode ?? 500).send(auth.kind === 'anonymous' ? { reason: auth.reason } : {})
  })
  app.get('/limited', async () => 'open')
  app.get('/', async (req) => (req.auth.kind === 'anonymous' ? req.auth.reason : 'open'))
  const origin = await serve(app)
  const { status, text } = await request(`${origin}/limited`)
  expect([status, text]).toEqual([429, '{"reason":"not-looked-at"}'])
  expect((await request(`${origin}/`)).text).toBe('no-credentials')
  expect(lines.filter((line) => line.includes('"who":"anonymous"'))).toHaveLength(2)
})

test('a guard that runs before the plugin’s hook lets nothing pass, though request.auth can be read', async () => {
  const { clerk, ada } = await harness()
  const app = fastify()
  await app.register(clerkPlugin, { clerk, hook: 'preHandler' })
  app.get('/', { onRequest: requireAuth() }, async () => 'open')
  const headers = { authorization: `Bearer ${ada.token}` }
  expect((await request(await serve(app), { headers })).status).toBe(500)
})
