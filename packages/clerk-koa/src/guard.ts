import {
  authorize,
  denialResponse,
  type GuardOptions,
  type RegisteredAuth,
  type Requirement,
  stateOf,
  validateRequirement,
} from '@acme/clerk-core'
import type { Context, Middleware } from 'koa'
import { send, webRequestOf } from './request.js'

/**
 * Lets pass whoever meets the requirement; without one, any signed-in user. Answers everybody else: 401, 403 or 503.
 *
 * @throws {ConfigurationError} for a requirement that says something unknown
 */
export function requireAuth(
  requirement: Requirement<RegisteredAuth> = {},
  options: GuardOptions = {},
): Middleware {
  const required = validateRequirement(requirement)
  return (ctx, next) => {
    const state = stateOf(ctx, 'clerkMiddleware')
    const denial = authorize(state.auth as RegisteredAuth, required)
    if (denial === null) return next()
    return send(
      ctx as Context,
      denialResponse(denial, options, state, () => webRequestOf(ctx as Context)),
    )
  }
}
