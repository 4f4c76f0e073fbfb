import type { AuditOptions } from '@acme/clerk-core'
import { type AnyClerk, createAuditLog, routePattern } from '@acme/clerk-core/adapter'
import type { Request, RequestHandler } from 'express'

/** One entry per request, when its response is closed. Mount it first: it then sees every request. */
export function auditLog(clerk: AnyClerk, options: AuditOptions): RequestHandler {
  const audit = createAuditLog(clerk, options)
  return (req, res, next) => {
    const { ip, method } = req
    audit(req, res, () => ({
      method,
      route: routePattern(req.baseUrl, req.route?.path, req.params),
      ip,
      requestId: requestIdOf(req),
    }))
    next()
  }
}

/** `req.id` is where pino-http and express-request-id put it. */
function requestIdOf(req: Request): unknown {
  return (req as { id?: unknown }).id ?? req.get('x-request-id')
}
