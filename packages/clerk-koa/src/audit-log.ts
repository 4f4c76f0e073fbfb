import { type AnyClerk, type AuditOptions, createAuditLog, findState, routePattern } from '@acme/clerk-core'
import type { Context, Middleware } from 'koa'

/** One entry per request, when its response is closed. Mount it first: it then sees every request. */
export function auditLog(clerk: AnyClerk, options: AuditOptions): Middleware {
  const log = createAuditLog(options, clerk.options.now)
  return (context, next) => {
    const ctx = context as Context
    const finish = log.start()
    const { ip, method } = ctx
    ctx.res.once('close', () => {
      finish(() => ({
        auth: findState(ctx)?.auth ?? null,
        method,
        route: routePattern('', ctx._matchedRoute, {}),
        status: ctx.res.statusCode,
        completed: ctx.res.writableFinished,
        ip,
        requestId: requestIdOf(ctx),
      }))
    })
    return next()
  }
}

/** `ctx.state.reqId` and `ctx.req.id` are where koa-requestid and koa-pino-logger put it. */
function requestIdOf(ctx: Context): unknown {
  return ctx.state.reqId ?? (ctx.req as { id?: unknown }).id ?? ctx.get('x-request-id')
}
