import type { AuditOptions } from '@acme/clerk-core'
import { type AnyClerk, AUDIT_OPTIONS, type AuditedResponse, createAuditLog } from '@acme/clerk-core/adapter'
import { readOptions } from '@acme/clerk-core/store'
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { addressOf, envOf, peerOf } from './framework.js'

/**
 * One entry per request: on Node when its response is closed, elsewhere when it is handed to the server. Mount it first: it
 * then sees every request.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function auditLog(clerk: AnyClerk, options: AuditOptions): MiddlewareHandler {
  const audit = createAuditLog(clerk, readOptions('auditLog', options, AUDIT_OPTIONS))
  return async (c, next) => {
    const peer = peerOf(c)
    const { outgoing } = envOf(c)
    let close = () => {}
    const handedOver: AuditedResponse = {
      get statusCode() {
        return c.res.status
      },
      get writableFinished() {
        return !c.req.raw.signal.aborted
      },
      once: (_event, listener) => {
        close = listener
      },
    }
    audit(c, outgoing ?? handedOver, () => ({
      method: c.req.method,
      route: routeOf(c),
      ip: addressOf(c, () => peer),
      requestId: (c.get('requestId') as unknown) ?? c.req.header('x-request-id'),
    }))
    await next()
    close()
  }
}

/** The pattern of the route that has answered. A 404 behind nothing but middleware (`app.use`) has matched none. */
function routeOf(c: Context): string | null {
  const route = matchedRoutes(c)[c.req.routeIndex]
  if (route === undefined) return null
  return route.method === 'ALL' && route.path.endsWith('*') && c.res.status === 404 ? null : route.path
}
