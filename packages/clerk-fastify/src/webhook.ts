import { createWebhookRoute } from '@acme/clerk-core/adapter'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { fastify, send } from './framework.js'
import type { ClerkWebhookPluginOptions } from './types.js'

/**
 * Receives Clerk's webhooks: `app.register(clerkWebhookPlugin, { clerk, prefix: '/webhooks/clerk' })`. Reads the raw
 * bytes itself; the parsers of the application are left as they are.
 */
export const clerkWebhookPlugin: FastifyPluginAsync<ClerkWebhookPluginOptions> = async (
  app,
  { clerk, ...options },
) => {
  const receive = createWebhookRoute(fastify, clerk, options)
  parseNothing(app)
  app.post('/', async (request, reply) => {
    const response = await receive(request)
    if (response === null) return reply.hijack()
    send(reply, response)
    return reply
  })
}

/** In this scope the body stays a stream, whatever its type: the signature covers the raw bytes. */
export function parseNothing(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload))
}
