import { createWebhookRoute, WEBHOOK_OPTIONS } from '@acme/clerk-core/adapter'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { fastify, send } from './framework.js'
import { readPluginOptions } from './plugin-options.js'
import type { ClerkWebhookPluginOptions } from './types.js'

/**
 * Receives Clerk's webhooks: `app.register(clerkWebhookPlugin, { clerk, prefix: '/webhooks/clerk' })`. Reads the raw
 * bytes itself; the parsers of the application are left as they are.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export const clerkWebhookPlugin: FastifyPluginAsync<ClerkWebhookPluginOptions> = async (app, given) => {
  const { clerk, ...options } = readPluginOptions('clerkWebhookPlugin', given, WEBHOOK_OPTIONS)
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
