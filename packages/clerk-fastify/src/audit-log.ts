import { type AnyClerk, type AuditOptions, createAuditLog, findState, routePattern } from '@acme/clerk-core'
import type { Hook } from './types.js'

/** An `onRequest` hook that writes one entry per request, when its response is closed. Add it before everything else. */
export function auditLog(clerk: AnyClerk, options: AuditOptions): Hook {
  const log = createAuditLog(options, clerk.options.now)
  return (request, reply, done) => {
    const finish = log.start()
    const { ip, method, id } = request
    reply.raw.once('close', () => {
      finish(() => ({
        auth: findState(request)?.auth ?? null,
        method,
        route: routePattern('', request.is404 ? null : request.routeOptions.url, {}),
        status: reply.raw.statusCode,
        completed: reply.raw.writableFinished,
        ip,
        requestId: id,
      }))
    })
    done()
  }
}
