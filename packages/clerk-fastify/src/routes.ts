import { authenticateRequest, createRoutes, findState } from '@acme/clerk-core'
import type { FastifyPluginAsync } from 'fastify'
import { credentialsOf, send, webRequestOf } from './request.js'
import type { ClerkRoutesPluginOptions } from './types.js'
import { bodySourceOf, parseNothing, RAW_BODY_REMEDY } from './webhook.js'

/**
 * `/webhook`, `/health`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out`, below Fastify's own prefix:
 * `app.register(clerkRoutesPlugin, { clerk, prefix: '/auth' })`.
 *
 * @throws {ConfigurationError} for options that are no URLs
 */
export const clerkRoutesPlugin: FastifyPluginAsync<ClerkRoutesPluginOptions> = async (
  fastify,
  { clerk, ...options },
) => {
  parseNothing(fastify)
  for (const { path, methods, handle } of createRoutes(clerk, options, RAW_BODY_REMEDY)) {
    fastify.route({
      method: [...methods],
      url: path,
      handler: async (request, reply) => {
        const state = findState(request)
        const answer = await handle({
          ...webRequestOf(request),
          ...bodySourceOf(request),
          prefix: fastify.prefix,
          authenticate: () =>
            state?.clerk === clerk ? state : authenticateRequest(clerk, request, options, credentialsOf),
        })
        if (answer === null) return reply.hijack()
        send(reply, answer)
        return reply
      },
    })
  }
}
