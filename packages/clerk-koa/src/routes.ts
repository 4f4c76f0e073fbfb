import {
  type AnyClerk,
  authenticateRequest,
  type ClerkRoutesOptions,
  createRoutes,
  findRoute,
  findState,
} from '@acme/clerk-core'
import type { Context, Middleware } from 'koa'
import { credentialsOf, send, webRequestOf } from './request.js'
import type { ClerkMiddlewareOptions } from './types.js'
import { bodySourceOf, RAW_BODY_REMEDY } from './webhook.js'

export interface KoaRoutesOptions extends ClerkRoutesOptions, ClerkMiddlewareOptions<Context> {
  /** Path the routes are mounted at, e.g. `/auth`. Default: the root. */
  prefix?: string | undefined
}

/**
 * `/webhook`, `/health`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out`, below the prefix:
 * `app.use(clerkRoutes(clerk, { prefix: '/auth' }))`. Other paths go on to the next middleware.
 *
 * @throws {ConfigurationError} for options that are no URLs
 */
export function clerkRoutes(clerk: AnyClerk, options: KoaRoutesOptions = {}): Middleware {
  const routes = createRoutes(clerk, options, RAW_BODY_REMEDY)
  const prefix = (options.prefix ?? '').replace(/\/+$/, '')
  return async (context, next) => {
    const ctx = context as Context
    const below = ctx.path.startsWith(`${prefix}/`) ? ctx.path.slice(prefix.length) : ''
    const route = findRoute(routes, ctx.method, below)
    if (route === undefined) return next()
    // What a router leaves there for logs and metrics.
    ctx._matchedRoute = `${prefix}${route.path}`
    const state = findState(ctx)
    const answer = await route.handle({
      ...webRequestOf(ctx),
      ...bodySourceOf(ctx),
      prefix,
      authenticate: () =>
        state?.clerk === clerk ? state : authenticateRequest(clerk, ctx, options, credentialsOf),
    })
    if (answer !== null) send(ctx, answer)
  }
}
