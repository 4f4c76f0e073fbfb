import type { RegisteredAuth } from '@acme/clerk-core'
import {
  type AnyClerk,
  createAuthenticator,
  createScopes,
  type GetAuthOptions,
  MIDDLEWARE_OPTIONS,
  type RequestState,
  refuseMalformed,
  setState,
  storedAuth,
} from '@acme/clerk-core/adapter'
import { readOptions } from '@acme/clerk-core/store'
import type { Context, Middleware, Next } from 'koa'
import { koa, send } from './framework.js'
import type { ClerkMiddlewareOptions } from './types.js'

/**
 * Puts `ctx.state.auth` on every request. It refuses none but those that are no requests (TRACE, `//`: 400): `requireAuth`
 * does that. Mount it after the session and after
 * the application's own login, where there are such, and before every middleware that reads `ctx.state.auth`.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkMiddleware(clerk: AnyClerk, given?: ClerkMiddlewareOptions): Middleware {
  const options = readOptions('clerkMiddleware', given, MIDDLEWARE_OPTIONS)
  const authenticate = createAuthenticator(koa, clerk, options)
  const scopes = createScopes(koa, clerk, options)
  return (ctx, next) => {
    const refusal = refuseMalformed(ctx.req.method ?? '', ctx.originalUrl)
    if (refusal !== null) return send(ctx as Context, refusal)
    const state = authenticate(ctx as Context)
    return state instanceof Promise
      ? state.then((known) => attach(ctx, known, next))
      : attach(ctx, state, next)
  }

  function attach(ctx: Pick<Context, 'state'>, state: RequestState, next: Next): Promise<unknown> {
    setState(ctx, state)
    koa.setAuth(ctx as Context, state.auth)
    return scopes === null ? next() : scopes(ctx as Context, next)
  }
}

/**
 * The same as `ctx.state.auth`, also where another library has replaced that.
 *
 * @throws {MiddlewareMissingError} where `clerkMiddleware` has not run
 * @throws {ClerkNotNamedError} where the middlewares of several clerks have run, and none is named
 */
export function getAuth(ctx: Pick<Context, 'state'>, options?: GetAuthOptions): RegisteredAuth {
  return storedAuth(ctx, koa.middleware, options) as RegisteredAuth
}
