import type { AuditOptions } from '@acme/clerk-core'
import { type AnyClerk, createAuditLog, routePattern } from '@acme/clerk-core/adapter'
import type { Hook } from './types.js'

/** An `onRequest` hook that writes one entry per request, when its response is closed. Add it before all other hooks. */
export function auditLog(clerk: AnyClerk, options: AuditOptions): Hook {
  const audit = createAuditLog(clerk, options)
  return (request, reply, done) => {
    const { ip, method, id } = request
    audit(request, reply.raw, () => ({
      method,
      route: routePattern('', request.is404 ? null : request.routeOptions.url, {}),
      ip,
      requestId: id,
    }))
    done()
  }
}
