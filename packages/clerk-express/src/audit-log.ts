import { type AnyClerk, type AuditOptions, createAuditLog, findState, routePattern } from '@acme/clerk-core'
import type { Request, RequestHandler } from 'express'

/** One entry per request, when its response is closed. Mount it first: it then sees every request. */
export function auditLog(clerk: AnyClerk, options: AuditOptions): RequestHandler {
  const log = createAuditLog(options, clerk.options.now)
  return (req, res, next) => {
    const finish = log.start()
    const { ip, method } = req
    res.once('close', () => {
      finish(() => ({
        auth: findState(req)?.auth ?? null,
        method,
        route: routePattern(req.baseUrl, req.route?.path, req.params),
        status: res.statusCode,
        completed: res.writableFinished,
        ip,
        requestId: requestIdOf(req),
      }))
    })
    next()
  }
}

/** `req.id` is where pino-http and express-request-id put it. */
function requestIdOf(req: Request): unknown {
  return (req as { id?: unknown }).id ?? req.get('x-request-id')
}
