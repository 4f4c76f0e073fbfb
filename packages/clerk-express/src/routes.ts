import { type AnyClerk, createRoutes, findRoute } from '@acme/clerk-core/adapter'
import type { RequestHandler } from 'express'
import { express, send } from './framework.js'
import type { ClerkRoutesOptions } from './types.js'

/**
 * `/webhook`, `/health`, `/ready`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out`, below the path it is mounted at:
 * `app.use('/auth', clerkRoutes(clerk))`. Requests for other paths are passed to the next handler.
 *
 * @throws {ConfigurationError} for options that are no URLs
 */
export function clerkRoutes(clerk: AnyClerk, options: ClerkRoutesOptions = {}): RequestHandler {
  const routes = createRoutes(express, clerk, options)
  return async (req, res, next) => {
    const route = findRoute(routes, req.method, req.path)
    if (route === undefined) return next()
    // Logs and metrics read the pattern here, where a router would have put it.
    req.route = { path: route.path }
    try {
      const response = await route.handle(req, req.baseUrl)
      if (response !== null) send(res, response)
    } catch (error) {
      next(error)
    }
  }
}
