import { teapot } from '@acme/adapter-suite'
import { watchRequest } from '@acme/clerk-core'
import { type ContextBinding, describeCurrentAuth } from '@acme/clerk-testing/adapters'
import fastify from 'fastify'
import * as vitest from 'vitest'
import { authOf, clerkPlugin, requireAuth, userOf } from './index.js'

const binding = (hook: 'onRequest' | 'preHandler'): ContextBinding => ({
  name: `Fastify 5, ${hook}`,
  async start({ clerk, second, context, service, ownErrors = false }) {
    const app = fastify()
    // As a parser that knows nothing of contexts: it goes on from the events of the request.
    app.addContentTypeParser('text/plain', (_request, payload, done) => {
      const chunks: Buffer[] = []
      payload.on('data', (chunk: Buffer) => chunks.push(chunk))
      payload.on('end', () => done(null, Buffer.concat(chunks).toString()))
    })
    app.setErrorHandler((error, _request, reply) => {
      const code = teapot(error)
      if (ownErrors && code !== null) return reply.code(418).send(code)
      if ((error as Error).message !== 'thrown') return reply.send(error)
      return reply
        .code(500)
        .type('application/json')
        .send(JSON.stringify(service(undefined)))
    })
    await app.register(clerkPlugin, { clerk, context, hook })
    if (second !== undefined) await app.register(clerkPlugin, { clerk: second, context, hook })
    const json = (value: unknown) => JSON.stringify(value)
    const type = 'application/json'
    app.get('/auth-of', async (request, reply) => reply.type(type).send(json(authOf(request).userId)))
    // Not a promise: what it throws takes another way.
    app.get('/user-of', (request, reply) => void reply.type(type).send(json(userOf(request).firstName)))
    app.get('/auth-of-member', async (request, reply) =>
      reply.type(type).send(json(authOf(request, { org: true }).orgId)),
    )
    app.get('/guard', { [hook]: requireAuth() }, async () => ({}))
    app.get('/guard-member', { [hook]: requireAuth({ org: true }) }, async () => ({}))
    app.route({
      method: ['GET', 'POST'],
      url: '/run',
      handler: async (request, reply) => reply.type(type).send(json(await service(request.body))),
    })
    app.get('/throws', async () => {
      throw new Error('thrown')
    })
    app.get('/events', async (request, reply) => {
      reply.hijack()
      watchRequest(request).closes(reply.raw)
      const send = () => reply.raw.write(`${json(service(undefined))}\n`)
      const timer = setInterval(send, 10)
      reply.raw.on('close', () => clearInterval(timer))
    })
    return { origin: await app.listen({ port: 0, host: '127.0.0.1' }), stop: () => app.close() }
  },
})

describeCurrentAuth(vitest, binding('onRequest'))
describeCurrentAuth(vitest, binding('preHandler'))
