import type { AuditOptions } from '@acme/clerk-core'
import { type AnyClerk, AUDIT_OPTIONS, createAuditLog, routePattern } from '@acme/clerk-core/adapter'
import { readOptions } from '@acme/clerk-core/store'
import type { Request, RequestHandler } from 'express'

/**
 * One entry per request, when its response is closed. Mount it first: it then sees every request.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function auditLog(clerk: AnyClerk, options: AuditOptions): RequestHandler {
  const audit = createAuditLog(clerk, readOptions('auditLog', options, AUDIT_OPTIONS))
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
