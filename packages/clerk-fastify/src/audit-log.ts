import type { AuditOptions } from '@acme/clerk-core'
import { type AnyClerk, AUDIT_OPTIONS, createAuditLog, routePattern } from '@acme/clerk-core/adapter'
import { readOptions } from '@acme/clerk-core/store'
import type { Hook } from './types.js'

/**
 * An `onRequest` hook that writes one entry per request, when its response is closed. Add it before all other hooks.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function auditLog(clerk: AnyClerk, options: AuditOptions): Hook {
  const audit = createAuditLog(clerk, readOptions('auditLog', options, AUDIT_OPTIONS))
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
