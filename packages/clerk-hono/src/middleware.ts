import type { RegisteredAuth } from '@acme/clerk-core'
import {
  type AnyClerk,
  createAuthenticator,
  createScopes,
  type GetAuthOptions,
  MIDDLEWARE_OPTIONS,
  refuseMalformed,
  setState,
  storedAuth,
  targetOf,
} from '@acme/clerk-core/adapter'
import { type OptionRules, readOptions } from '@acme/clerk-core/store'
import type { Context, MiddlewareHandler } from 'hono'
import { configure, hono, REQUEST_OPTIONS, send } from './framework.js'
import type { ClerkMiddlewareOptions } from './types.js'

const OPTIONS: OptionRules<ClerkMiddlewareOptions> = { ...MIDDLEWARE_OPTIONS, ...REQUEST_OPTIONS }

/**
 * Puts `c.var.auth` on every request. It refuses none but those that are no requests (TRACE, `//`: 400): `requireAuth` does
 * that. Mount it after the session and after the application's own login, where there are such.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkMiddleware(clerk: AnyClerk, given?: ClerkMiddlewareOptions): MiddlewareHandler {
  const options = readOptions('clerkMiddleware', given, OPTIONS)
  const authenticate = createAuthenticator(hono, clerk, options)
  const scopes = createScopes(hono, clerk, options)
  return async (c, next) => {
    const refusal = refuseMalformed(c.req.method, targetOf(c.req.url))
    if (refusal !== null) return send(c, refusal)
    configure(c, options)
    const looked = authenticate(c)
    const state = looked instanceof Promise ? await looked : looked
    setState(c, state)
    // Where others look who are given the request alone: tRPC.
    setState(c.req.raw, state)
    hono.setAuth(c, state.auth)
    await (scopes === null ? next() : scopes(c, next))
    return undefined
  }
}

/**
 * The same as `c.var.auth`, also where another library has replaced that.
 *
 * @throws {MiddlewareMissingError} where `clerkMiddleware` has not run
 * @throws {ClerkNotNamedError} where the middlewares of several clerks have run, and none is named
 */
export function getAuth(c: Context, options?: GetAuthOptions): RegisteredAuth {
  return storedAuth(c, hono.middleware, options) as RegisteredAuth
}
