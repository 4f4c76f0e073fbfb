import { type AnyClerk, createRoutes, findRoute } from '@acme/clerk-core/adapter'
import type { Context, Middleware } from 'koa'
import { koa, send } from './framework.js'
import type { ClerkRoutesOptions } from './types.js'

/**
 * `/webhook`, `/health`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out`, below the prefix:
 * `app.use(clerkRoutes(clerk, { prefix: '/auth' }))`. Requests for other paths are passed to the next middleware.
 *
 * @throws {ConfigurationError} for options that are no URLs
 */
export function clerkRoutes(clerk: AnyClerk, options: ClerkRoutesOptions = {}): Middleware {
  const routes = createRoutes(koa, clerk, options)
  const prefix = (options.prefix ?? '').replace(/\/+$/, '')
  return async (context, next) => {
    const ctx = context as Context
    const path = ctx.path.startsWith(`${prefix}/`) ? ctx.path.slice(prefix.length) : ''
    const route = findRoute(routes, ctx.method, path)
    if (route === undefined) return next()
    // Logs and metrics read the pattern here, where a router would have put it.
    ctx._matchedRoute = `${prefix}${route.path}`
    const response = await route.handle(ctx, prefix)
    if (response !== null) send(ctx, response)
  }
}
