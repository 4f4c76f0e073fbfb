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
import type { NextFunction, Request, RequestHandler } from 'express'
import { express, send } from './framework.js'
import type { ClerkMiddlewareOptions } from './types.js'

/**
 * Puts `req.auth` on every request. It refuses none but those that are no requests (TRACE, `//`: 400): `requireAuth` does
 * that. Mount it after the session and after the
 * application's own login, where there are such, and before every handler that reads `req.auth`.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkMiddleware(clerk: AnyClerk, given?: ClerkMiddlewareOptions): RequestHandler {
  const options = readOptions('clerkMiddleware', given, MIDDLEWARE_OPTIONS)
  const authenticate = createAuthenticator(express, clerk, options)
  const scopes = createScopes(express, clerk, options)
  return (req, res, next) => {
    const refusal = refuseMalformed(req.method, req.originalUrl)
    if (refusal !== null) return send(res, refusal)
    const state = authenticate(req)
    if (state instanceof Promise) state.then((known) => attach(req, known, next), next)
    else attach(req, state, next)
  }

  function attach(req: Request, state: RequestState, next: NextFunction): void {
    setState(req, state)
    express.setAuth(req, state.auth)
    if (scopes === null) next()
    else scopes(req, next)
  }
}

/**
 * The same as `req.auth`, also where another library has replaced that.
 *
 * @throws {MiddlewareMissingError} where `clerkMiddleware` has not run
 * @throws {ClerkNotNamedError} where the middlewares of several clerks have run, and none is named
 */
export function getAuth(req: Request, options?: GetAuthOptions): RegisteredAuth {
  return storedAuth(req, express.middleware, options) as RegisteredAuth
}
