import {
  authorize,
  denialResponse,
  type GuardOptions,
  type RegisteredAuth,
  type Requirement,
  stateOf,
  validateRequirement,
} from '@acme/clerk-core'
import { send, webRequestOf } from './request.js'
import type { Hook } from './types.js'

/**
 * A hook (`onRequest` or `preHandler`) that lets pass whoever meets the requirement; without one, any signed-in user.
 * Answers everybody else: 401, 403 or 503.
 *
 * @throws {ConfigurationError} for a requirement that says something unknown
 */
export function requireAuth(requirement: Requirement<RegisteredAuth> = {}, options: GuardOptions = {}): Hook {
  const required = validateRequirement(requirement)
  return (request, reply, done) => {
    const state = stateOf(request, 'clerkPlugin')
    const denial = authorize(state.auth as RegisteredAuth, required)
    if (denial === null) done()
    else
      send(
        reply,
        denialResponse(denial, options, state, () => webRequestOf(request)),
      )
  }
}
