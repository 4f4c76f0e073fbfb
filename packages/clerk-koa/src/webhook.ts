import { type AnyClerk, createWebhookRoute, type WebhookRouteOptions } from '@acme/clerk-core/adapter'
import type { Context, Middleware } from 'koa'
import { koa, send } from './framework.js'

/** Receives Clerk's webhooks: `router.post('/webhooks/clerk', clerkWebhook(clerk))`. Reads the raw bytes itself. */
export function clerkWebhook(clerk: AnyClerk, options: WebhookRouteOptions = {}): Middleware {
  const receive = createWebhookRoute(koa, clerk, options)
  return async (ctx) => {
    const response = await receive(ctx as Context)
    if (response !== null) send(ctx as Context, response)
  }
}
