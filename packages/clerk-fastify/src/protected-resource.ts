import { ConfigurationError } from '@acme/clerk-core'
import {
  type AnyClerk,
  createProtectedResource,
  type ProtectedResourceOptions,
} from '@acme/clerk-core/adapter'
import type { FastifyPluginAsync } from 'fastify'
import { fastify, send } from './framework.js'

/**
 * The metadata of this service for clients of OAuth and MCP (RFC 9728):
 * `app.register(clerkProtectedResource(clerk, { resource }))`. At the root of the application: its paths begin with
 * `/.well-known/`.
 *
 * @throws {ConfigurationError} where OAuth tokens are not accepted, for options with values they cannot have, and, when it is
 * registered, below a prefix
 */
export function clerkProtectedResource(
  clerk: AnyClerk,
  options?: ProtectedResourceOptions,
): FastifyPluginAsync {
  const { paths, handle } = createProtectedResource(fastify, clerk, options)
  return async (app) => {
    if (app.prefix !== '') {
      throw new ConfigurationError([
        {
          option: 'prefix',
          message: 'would hide the metadata: clients look for it at the root of the host.',
          remedy: 'Register clerkProtectedResource without a prefix.',
        },
      ])
    }
    for (const url of paths) {
      // Where several resources are registered, the first answers for the authorization server.
      if (app.hasRoute({ method: 'GET', url })) continue
      app.route({
        method: ['GET', 'OPTIONS'],
        url,
        handler: async (request, reply) => {
          const response = handle(request)
          if (response === null) return reply.callNotFound()
          send(reply, response)
          return reply
        },
      })
    }
  }
}
