import type { RegisteredAuth, Requirement } from '@acme/clerk-core'
import { type Authorized, createGuard, type GuardArguments } from '@acme/clerk-core/adapter'
import type { MiddlewareHandler } from 'hono'
import { hono, send } from './framework.js'

/**
 * What a request has that `requireAuth` has let pass, for handlers that are written elsewhere:
 * `const show = (c: Context<AuthorizedEnv>) => c.text(c.var.auth.user.email)`.
 *
 * @typeParam R the requirement, as far as it decides who may be asking: `{ org: true }`, `{ machine: 'only' }`
 */
export interface AuthorizedEnv<R extends Requirement<RegisteredAuth> = Record<never, never>> {
  Variables: { auth: Authorized<RegisteredAuth, R> }
}

/**
 * Lets a request pass that meets the requirement; without one, any signed-in user's. Answers all others: 401, 403 or 503.
 * In the handlers after it, of the same route or chain, `c.var.auth` has the type of those who may pass.
 *
 * @throws {ConfigurationError} for a requirement or options with an unknown key or value, `undefined` included
 */
export function requireAuth<const R extends Requirement<RegisteredAuth> = Record<never, never>>(
  ...requirement: GuardArguments<R>
): MiddlewareHandler<AuthorizedEnv<R>> {
  const refuse = createGuard(hono, ...(requirement as GuardArguments))
  return async (c, next) => {
    const refusal = refuse(c)
    if (refusal !== null) return send(c, refusal)
    await next()
    return undefined
  }
}
