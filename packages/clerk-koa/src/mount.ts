import type { Context, Middleware } from 'koa'

/** What `@koa/router` leaves about a layer that matched. */
interface Layer {
  readonly path?: unknown
  readonly stack?: readonly unknown[]
}

/** A wildcard at the end of a pattern: `/{*rest}`, `/*rest`, `/(.*)`. */
const WILDCARD = /\/(?:\{\*\w*\}|\*\w*|\(\.\*\))\/?$/

/**
 * The part of `ctx.path` that a router has matched before it called this middleware: routers leave the path as it is. Empty
 * where the middleware was not given to a router, and below `koa-mount`, which takes the prefix off itself.
 */
export function routerPrefix(ctx: Context, middleware: Middleware): string {
  const layers = ctx['matched'] as readonly Layer[] | undefined
  const layer = layers?.findLast(({ stack }) => stack?.includes(middleware))
  if (typeof layer?.path !== 'string') return ''
  // By segments, so that parameters in the pattern count as well.
  const segments = layer.path.replace(WILDCARD, '').replace(/\/+$/, '').split('/').length
  return ctx.path.split('/').slice(0, segments).join('/')
}
