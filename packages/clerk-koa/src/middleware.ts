import {
  type AnyClerk,
  authenticateRequest,
  type RegisteredAuth,
  type RequestState,
  setState,
  stateOf,
} from '@acme/clerk-core'
import type { Context, Middleware, Next } from 'koa'
import { credentialsOf } from './request.js'
import type { ClerkMiddlewareOptions } from './types.js'

/**
 * Puts `ctx.state.auth` on every request. Refuses nobody: that is what `requireAuth` is for. Mount it after the session
 * and after the application's own login, where there are such, and before everything that asks who is there.
 */
export function clerkMiddleware(clerk: AnyClerk, options: ClerkMiddlewareOptions<Context> = {}): Middleware {
  return (ctx, next) => {
    const state = authenticateRequest(clerk, ctx as Context, options, credentialsOf)
    return state instanceof Promise ? state.then((known) => goOn(ctx, known, next)) : goOn(ctx, state, next)
  }
}

function goOn(ctx: Pick<Context, 'state'>, state: RequestState, next: Next): Promise<unknown> {
  setState(ctx, state)
  ctx.state.auth = state.auth as RegisteredAuth
  return next()
}

/**
 * The same as `ctx.state.auth`, also where another library has put something else in its place.
 *
 * @throws {MiddlewareMissingError} where `clerkMiddleware` has not run
 */
export function getAuth(ctx: Pick<Context, 'state'>): RegisteredAuth {
  return stateOf(ctx, 'clerkMiddleware').auth as RegisteredAuth
}
