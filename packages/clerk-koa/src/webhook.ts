import {
  type AnyClerk,
  type BodySource,
  createWebhookRoute,
  type WebhookRouteOptions,
} from '@acme/clerk-core'
import type { Context, Middleware } from 'koa'
import { send } from './request.js'

export const RAW_BODY_REMEDY =
  'Mount the route before the body parser, or use one that keeps ctx.request.rawBody, as koa-bodyparser and @koa/bodyparser do.'

/** Receives Clerk's webhooks: `router.post('/webhooks/clerk', clerkWebhook(clerk))`. Reads the raw bytes itself. */
export function clerkWebhook(clerk: AnyClerk, options: WebhookRouteOptions = {}): Middleware {
  const route = createWebhookRoute(clerk, options, RAW_BODY_REMEDY)
  return async (ctx) => {
    const answer = await route.receive(bodySourceOf(ctx as Context))
    if (answer !== null) send(ctx as Context, answer)
  }
}

export function bodySourceOf(ctx: Context): BodySource {
  const { rawBody, body } = ctx.request as { rawBody?: unknown; body?: unknown }
  return { stream: ctx.req, headers: ctx.headers, rawBody, body }
}
