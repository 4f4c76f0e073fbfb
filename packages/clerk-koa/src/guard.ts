import { createGuard, type GuardArguments } from '@acme/clerk-core/adapter'
import type { Context, Middleware } from 'koa'
import { koa, send } from './framework.js'

/**
 * Lets a request pass that meets the requirement; without one, any signed-in user's. Answers all others: 401, 403 or 503.
 *
 * @throws {ConfigurationError} for a requirement or options with an unknown key or value, `undefined` included
 */
export function requireAuth(...requirement: GuardArguments): Middleware {
  const refuse = createGuard(koa, ...requirement)
  return (ctx, next) => {
    const refusal = refuse(ctx as Context)
    return refusal === null ? next() : send(ctx as Context, refusal)
  }
}
