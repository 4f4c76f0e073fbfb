import { clerkPlugin, requireAuth } from '@acme/clerk-fastify'
import * as official from '@clerk/fastify'
import cookie from '@fastify/cookie'
import session, { type FastifySessionOptions } from '@fastify/session'
import { fastify, type onRequestHookHandler } from 'fastify'
import type { App } from './app.js'
import { createBenchClerk, DATA, PUBLIC_PATH } from './clerk.js'
import type { Setup, Variant } from './setup.js'

const doNothing: onRequestHookHandler = (_request, _reply, done) => done()

export async function fastifyApp(variant: Variant, setup: Setup): Promise<App> {
  const app = fastify()
  const sessions = new Map<string, string>()
  let writes = 0
  const store: NonNullable<FastifySessionOptions['store']> = {
    get: (id, done) => done(null, JSON.parse(sessions.get(id) ?? 'null')),
    set: (id, value, done) => {
      writes += 1
      sessions.set(id, JSON.stringify(value))
      done()
    },
    destroy: (id, done) => {
      sessions.delete(id)
      done()
    },
  }
  const withSessions = async () => {
    await app.register(cookie)
    const options = { cookie: { secure: false }, saveUninitialized: false, rolling: false, store }
    await app.register(session, { ...options, secret: 'a secret with at least thirty-two characters' })
  }
  const guards: Record<Variant, () => Promise<onRequestHookHandler[]>> = {
    ours: async () => {
      await app.register(clerkPlugin, { clerk: createBenchClerk(setup) })
      return [requireAuth()]
    },
    'no-op': async () => {
      app.addHook('onRequest', doNothing)
      return [doNothing]
    },
    bare: async () => [],
    official: async () => {
      const { publishableKey, secretKey, pem } = setup
      await app.register(official.clerkPlugin, { publishableKey, secretKey, jwtKey: pem })
      return []
    },
    'ours-session': async () => {
      await withSessions()
      await app.register(clerkPlugin, { clerk: createBenchClerk(setup) })
      return [requireAuth()]
    },
    'session-alone': async () => {
      await withSessions()
      app.addHook('onRequest', doNothing)
      return [doNothing]
    },
  }
  const guard = await guards[variant]()
  // The official plugin looks in `preHandler`, as a guard of its users has to.
  const preHandler: onRequestHookHandler[] =
    variant !== 'official'
      ? []
      : [(request, reply, done) => (official.getAuth(request).userId ? done() : void reply.code(401).send())]
  app.get('/start', async (request) => {
    if (variant === 'session-alone')
      for (const [key, value] of Object.entries(DATA)) request.session.set(key as never, value as never)
    return { ok: true }
  })
  app.get(
    '/',
    { onRequest: guard, preHandler: preHandler as never },
    (_request, reply) => void reply.send({ ok: true }),
  )
  app.get(PUBLIC_PATH, (_request, reply) => void reply.send({ ok: true }))
  return {
    listen: (done) => {
      void app.listen({ port: 0, host: '127.0.0.1' }).then(done)
      return app.server
    },
    writes: () => writes,
  }
}
