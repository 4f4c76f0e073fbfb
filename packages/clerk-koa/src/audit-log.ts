import type { AuditOptions } from '@acme/clerk-core'
import { type AnyClerk, AUDIT_OPTIONS, createAuditLog, routePattern } from '@acme/clerk-core/adapter'
import { readOptions } from '@acme/clerk-core/store'
import type { Context, Middleware } from 'koa'

/**
 * One entry per request, when its response is closed. Mount it first: it then sees every request.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function auditLog(clerk: AnyClerk, options: AuditOptions): Middleware {
  const audit = createAuditLog(clerk, readOptions('auditLog', options, AUDIT_OPTIONS))
  return (context, next) => {
    const ctx = context as Context
    const { ip, method } = ctx
    audit(ctx, ctx.res, () => ({
      method,
      route: routePattern('', ctx._matchedRoute, {}),
      ip,
      requestId: requestIdOf(ctx),
    }))
    return next()
  }
}

/** `ctx.state.reqId` and `ctx.req.id` are where koa-requestid and koa-pino-logger put it. */
function requestIdOf(ctx: Context): unknown {
  return ctx.state.reqId ?? (ctx.req as { id?: unknown }).id ?? ctx.get('x-request-id')
}
