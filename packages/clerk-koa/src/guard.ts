import type { RegisteredAuth, Requirement } from '@acme/clerk-core'
import { createGuard, type GuardOptions } from '@acme/clerk-core/adapter'
import type { Context, Middleware } from 'koa'
import { koa, send } from './framework.js'

/**
 * Lets a request pass that meets the requirement; without one, any signed-in user's. Answers all others: 401, 403 or 503.
 *
 * @throws {ConfigurationError} for a requirement with an unknown key or value
 */
export function requireAuth(
  requirement: Requirement<RegisteredAuth> = {},
  options: GuardOptions = {},
): Middleware {
  const refuse = createGuard(koa, requirement, options)
  return (ctx, next) => {
    const refusal = refuse(ctx as Context)
    return refusal === null ? next() : send(ctx as Context, refusal)
  }
}
