import {
  authorize,
  denialResponse,
  type GuardOptions,
  type RegisteredAuth,
  type Requirement,
  stateOf,
  validateRequirement,
} from '@acme/clerk-core'
import type { RequestHandler } from 'express'
import { send, webRequestOf } from './request.js'

/**
 * Lets pass whoever meets the requirement; without one, any signed-in user. Answers everybody else: 401, 403 or 503.
 *
 * @throws {ConfigurationError} for a requirement that says something unknown
 */
export function requireAuth(
  requirement: Requirement<RegisteredAuth> = {},
  options: GuardOptions = {},
): RequestHandler {
  const required = validateRequirement(requirement)
  return (req, res, next) => {
    const state = stateOf(req, 'clerkMiddleware')
    const denial = authorize(state.auth as RegisteredAuth, required)
    if (denial === null) next()
    else
      send(
        res,
        denialResponse(denial, options, state, () => webRequestOf(req)),
      )
  }
}
