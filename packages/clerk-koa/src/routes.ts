import { type AnyClerk, createRoutes, findRoute, ROUTES_OPTIONS, type Route } from '@acme/clerk-core/adapter'
import { type OptionRules, readOptions, rule } from '@acme/clerk-core/store'
import type { Context, Middleware } from 'koa'
import { koa, send } from './framework.js'
import { routerPrefix } from './mount.js'
import type { ClerkRoutesOptions } from './types.js'

const OPTIONS: OptionRules<ClerkRoutesOptions> = {
  ...ROUTES_OPTIONS,
  // Empty is the root.
  prefix: rule.textOf((value) => ({ value })),
}

/**
 * `/webhook`, `/health`, `/ready`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out`, below the prefix:
 * `app.use(clerkRoutes(clerk, { prefix: '/auth' }))`. Requests for other paths are passed to the next middleware.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkRoutes(clerk: AnyClerk, given?: ClerkRoutesOptions): Middleware {
  const options = readOptions('clerkRoutes', given, OPTIONS)
  const routes = createRoutes(koa, clerk, options)
  const prefix = (options.prefix ?? '').replace(/\/+$/, '')
  const middleware: Middleware = async (context, next) => {
    const ctx = context as Context
    const mounted = routerPrefix(ctx, middleware)
    const inside = mounted === '' ? null : findBelow(ctx, `${mounted}${prefix}`)
    // A prefix given to a router and to the routes is one prefix, as it was before routers were looked at.
    const found = inside ?? findBelow(ctx, prefix)
    if (found === null) return next()
    const { route, base } = found
    // Logs and metrics read the pattern here, where a router would have put it.
    ctx._matchedRoute = `${base}${route.path}`
    const response = await route.handle(ctx, base)
    if (response !== null) send(ctx, response)
  }
  return middleware

  function findBelow(ctx: Context, base: string): { route: Route<Context>; base: string } | null {
    const path = ctx.path.startsWith(`${base}/`) ? ctx.path.slice(base.length) : ''
    const route = findRoute(routes, ctx.method, path)
    return route === undefined ? null : { route, base }
  }
}
