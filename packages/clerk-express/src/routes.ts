import { type AnyClerk, createRoutes, findRoute, ROUTES_OPTIONS } from '@acme/clerk-core/adapter'
import { readOptions } from '@acme/clerk-core/store'
import type { RequestHandler } from 'express'
import { express, send } from './framework.js'
import type { ClerkRoutesOptions } from './types.js'

/**
 * `/webhook`, `/health`, `/ready`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out`, below the path it is mounted at:
 * `app.use('/auth', clerkRoutes(clerk))`. Requests for other paths are passed to the next handler.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkRoutes(clerk: AnyClerk, given?: ClerkRoutesOptions): RequestHandler {
  const options = readOptions('clerkRoutes', given, ROUTES_OPTIONS)
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
