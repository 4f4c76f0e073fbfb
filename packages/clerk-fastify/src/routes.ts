import { createRoutes, ROUTES_OPTIONS } from '@acme/clerk-core/adapter'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { fastify, send } from './framework.js'
import { readPluginOptions } from './plugin-options.js'
import type { ClerkRoutesPluginOptions } from './types.js'
import { parseNothing } from './webhook.js'

/**
 * `/webhook`, `/health`, `/ready`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out`, below Fastify's own prefix:
 * `app.register(clerkRoutesPlugin, { clerk, prefix: '/auth' })`.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export const clerkRoutesPlugin: FastifyPluginAsync<ClerkRoutesPluginOptions> = async (app, given) => {
  const { clerk, ...options } = readPluginOptions('clerkRoutesPlugin', given, ROUTES_OPTIONS)
  parseNothing(app)
  for (const { path, methods, handle } of createRoutes<FastifyRequest>(fastify, clerk, options)) {
    app.route({
      method: [...methods],
      url: path,
      handler: async (request, reply) => {
        const response = await handle(request, app.prefix)
        if (response === null) return reply.hijack()
        send(reply, response)
        return reply
      },
    })
  }
}
