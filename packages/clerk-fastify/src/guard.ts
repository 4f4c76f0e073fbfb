import { createGuard, type GuardArguments } from '@acme/clerk-core/adapter'
import { fastify, send } from './framework.js'
import type { Hook } from './types.js'

/**
 * A hook (`onRequest` or `preHandler`) that lets a request pass that meets the requirement; without one, any signed-in
 * user's. Answers all others: 401, 403 or 503.
 *
 * @throws {ConfigurationError} for a requirement or options with an unknown key or value, `undefined` included
 */
export function requireAuth(...requirement: GuardArguments): Hook {
  const refuse = createGuard(fastify, ...requirement)
  return (request, reply, done) => {
    const refusal = refuse(request)
    if (refusal === null) done()
    else send(reply, refusal)
  }
}
