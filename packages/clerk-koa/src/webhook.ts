import {
  type AnyClerk,
  createWebhookRoute,
  WEBHOOK_OPTIONS,
  type WebhookRouteOptions,
} from '@acme/clerk-core/adapter'
import { readOptions } from '@acme/clerk-core/store'
import type { Context, Middleware } from 'koa'
import { koa, send } from './framework.js'

/**
 * Receives Clerk's webhooks: `router.post('/webhooks/clerk', clerkWebhook(clerk))`. Reads the raw bytes itself.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkWebhook(clerk: AnyClerk, given?: WebhookRouteOptions): Middleware {
  const options = readOptions('clerkWebhook', given, WEBHOOK_OPTIONS)
  const receive = createWebhookRoute(koa, clerk, options)
  return async (ctx) => {
    const response = await receive(ctx as Context)
    if (response !== null) send(ctx as Context, response)
  }
}
