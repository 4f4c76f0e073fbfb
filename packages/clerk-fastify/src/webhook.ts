import { type BodySource, createWebhookRoute } from '@acme/clerk-core'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { send } from './request.js'
import type { ClerkWebhookPluginOptions } from './types.js'

export const RAW_BODY_REMEDY =
  'Do not read the body in a hook before the route, or keep the bytes as request.rawBody.'

/**
 * Receives Clerk's webhooks: `app.register(clerkWebhookPlugin, { clerk, prefix: '/webhooks/clerk' })`. Reads the raw
 * bytes itself; the parsers of the application are left as they are.
 */
export const clerkWebhookPlugin: FastifyPluginAsync<ClerkWebhookPluginOptions> = async (
  fastify,
  { clerk, ...options },
) => {
  const route = createWebhookRoute(clerk, options, RAW_BODY_REMEDY)
  parseNothing(fastify)
  fastify.post('/', async (request, reply) => {
    const answer = await route.receive(bodySourceOf(request))
    if (answer === null) return reply.hijack()
    send(reply, answer)
    return reply
  })
}

/** In this scope the body stays a stream, whatever its type says: the signature covers the raw bytes. */
export function parseNothing(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload))
}

export function bodySourceOf(request: FastifyRequest): BodySource {
  const { body, headers, raw, rawBody } = request as FastifyRequest & { rawBody?: unknown }
  const isStream = typeof body === 'object' && body !== null && 'readableDidRead' in body
  return {
    stream: isStream ? (body as BodySource['stream']) : raw,
    headers,
    rawBody,
    body: isStream ? undefined : body,
  }
}
