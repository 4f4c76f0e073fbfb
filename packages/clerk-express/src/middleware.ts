import {
  type AnyClerk,
  authenticateRequest,
  type RegisteredAuth,
  type RequestState,
  setState,
  stateOf,
} from '@acme/clerk-core'
import type { NextFunction, Request, RequestHandler } from 'express'
import { credentialsOf } from './request.js'
import type { ClerkMiddlewareOptions } from './types.js'

/**
 * Puts `req.auth` on every request. Refuses nobody: that is what `requireAuth` is for. Mount it after the session and
 * after the application's own login, where there are such, and before everything that asks who is there.
 */
export function clerkMiddleware(
  clerk: AnyClerk,
  options: ClerkMiddlewareOptions<Request> = {},
): RequestHandler {
  return (req, _res, next) => {
    const state = authenticateRequest(clerk, req, options, credentialsOf)
    if (state instanceof Promise) state.then((known) => goOn(req, known, next), next)
    else goOn(req, state, next)
  }
}

function goOn(req: Request, state: RequestState, next: NextFunction): void {
  setState(req, state)
  req.auth = state.auth as RegisteredAuth
  next()
}

/**
 * The same as `req.auth`, also where another library has put something else in its place.
 *
 * @throws {MiddlewareMissingError} where `clerkMiddleware` has not run
 */
export function getAuth(req: Request): RegisteredAuth {
  return stateOf(req, 'clerkMiddleware').auth as RegisteredAuth
}
