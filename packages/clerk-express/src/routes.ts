import {
  type AnyClerk,
  authenticateRequest,
  type ClerkRoutesOptions,
  createRoutes,
  findRoute,
  findState,
} from '@acme/clerk-core'
import type { Request, RequestHandler } from 'express'
import { credentialsOf, send, webRequestOf } from './request.js'
import type { ClerkMiddlewareOptions } from './types.js'
import { bodySourceOf, RAW_BODY_REMEDY } from './webhook.js'

/**
 * `/webhook`, `/health`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out`, below the path it is mounted at:
 * `app.use('/auth', clerkRoutes(clerk))`. Other paths go on to the next handler.
 *
 * @throws {ConfigurationError} for options that are no URLs
 */
export function clerkRoutes(
  clerk: AnyClerk,
  options: ClerkRoutesOptions & ClerkMiddlewareOptions<Request> = {},
): RequestHandler {
  const routes = createRoutes(clerk, options, RAW_BODY_REMEDY)
  return async (req, res, next) => {
    const route = findRoute(routes, req.method, req.path)
    if (route === undefined) return next()
    // What a router leaves there for logs and metrics.
    req.route = { path: route.path }
    const state = findState(req)
    try {
      const answer = await route.handle({
        ...webRequestOf(req),
        ...bodySourceOf(req),
        prefix: req.baseUrl,
        authenticate: () =>
          state?.clerk === clerk ? state : authenticateRequest(clerk, req, options, credentialsOf),
      })
      if (answer !== null) send(res, answer)
    } catch (error) {
      next(error)
    }
  }
}
