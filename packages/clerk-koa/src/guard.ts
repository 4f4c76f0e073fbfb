import type { RegisteredAuth, Requirement } from '@acme/clerk-core'
import { type Authorized, createGuard, type GuardArguments } from '@acme/clerk-core/adapter'
import type { Context, Middleware } from 'koa'
import { koa, send } from './framework.js'

/**
 * The state of a request that `requireAuth` has let pass, for handlers that are written elsewhere:
 * `const show: Middleware<AuthorizedState> = (ctx) => { ctx.body = ctx.state.auth.user.email }`. It says what the guard in
 * front has to be, and checks nothing.
 *
 * @typeParam R the requirement, as far as it decides who may be asking: `{ org: true }`, `{ machine: 'only' }`
 */
export interface AuthorizedState<R extends Requirement<RegisteredAuth> = Record<never, never>> {
  auth: Authorized<RegisteredAuth, R>
}

/** Can be mounted anywhere; in the route of a router, and in a chain of `app.use()`, what comes after it is narrowed. */
export type Guard<R extends Requirement<RegisteredAuth>> = Middleware & Middleware<AuthorizedState<R>, object>

/**
 * Lets a request pass that meets the requirement; without one, any signed-in user's. Answers all others: 401, 403 or 503.
 * In the handlers after it, of the same route or chain, `ctx.state.auth` has the type of those who may pass.
 *
 * @throws {ConfigurationError} for a requirement or options with an unknown key or value, `undefined` included
 */
export function requireAuth<const R extends Requirement<RegisteredAuth> = Record<never, never>>(
  ...requirement: GuardArguments<R>
): Guard<R> {
  const refuse = createGuard(koa, ...(requirement as GuardArguments))
  const guard: Middleware = (ctx, next) => {
    const refusal = refuse(ctx as Context)
    return refusal === null ? next() : send(ctx as Context, refusal)
  }
  return guard as Guard<R>
}
