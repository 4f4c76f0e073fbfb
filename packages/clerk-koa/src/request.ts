import {
  type Credentials,
  credentialsFrom,
  originOf,
  type WebRequest,
  type WebResponse,
} from '@acme/clerk-core'
import type { Context } from 'koa'
import { sessionSlot } from './session-slot.js'

export function credentialsOf(ctx: Context, localUser: unknown): Credentials {
  return credentialsFrom(ctx, sessionSlot(ctx, localUser !== undefined), localUser)
}

export function webRequestOf(ctx: Context): WebRequest {
  const { method, originalUrl, protocol, host, headers } = ctx
  return { method, url: originalUrl, origin: originOf(protocol, host), headers }
}

export function send(ctx: Context, { status, headers, body }: WebResponse): void {
  ctx.status = status
  ctx.set({ ...headers })
  ctx.body = body ?? ''
}
