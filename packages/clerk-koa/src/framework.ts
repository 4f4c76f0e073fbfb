import type { RegisteredAuth } from '@acme/clerk-core'
import { credentialsFrom, type Framework, originOf, type WebResponse } from '@acme/clerk-core/adapter'
import type { Context } from 'koa'
import { sessionSlot } from './session-slot.js'

export const koa: Framework<Context> = {
  middleware: 'clerkMiddleware',
  rawBodyRemedy:
    'Mount the route before the body parser, or use one that keeps ctx.request.rawBody, as koa-bodyparser and @koa/bodyparser do.',

  setAuth(ctx, auth) {
    ctx.state.auth = auth as RegisteredAuth
  },

  credentialsOf: (ctx, localUser) =>
    credentialsFrom(ctx, sessionSlot(ctx, localUser !== undefined), localUser, ({ ip }) => ip),

  webRequestOf(ctx) {
    const { method, protocol, host, headers } = ctx
    // Set by an Express application that this one is mounted in, which takes its prefix off `url`.
    const { originalUrl = ctx.originalUrl } = ctx.req as { originalUrl?: string }
    return { method, url: originalUrl, origin: originOf(protocol, host), headers }
  },

  bodySourceOf(ctx) {
    const { rawBody, body } = ctx.request as { rawBody?: unknown; body?: unknown }
    return { stream: ctx.req, headers: ctx.headers, rawBody, body }
  },

  answerDenied(ctx, denied) {
    const { onerror } = ctx
    // What Koa itself calls with the errors that no middleware has handled.
    ctx.onerror = (error) => {
      if (error !== denied || ctx.headerSent) return onerror.call(ctx, error)
      const { status, headers, body } = denied.denial
      ctx.res.writeHead(status, { ...headers, 'Content-Type': 'application/json; charset=utf-8' })
      ctx.res.end(JSON.stringify(body))
    }
  },
  exchangeOf: ({ req, res }) => ({ req, res }),
}

export function send(ctx: Context, { status, headers, body }: WebResponse): void {
  ctx.status = status
  ctx.set({ ...headers })
  ctx.body = body ?? ''
}
