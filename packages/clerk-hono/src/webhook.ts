import {
  type AnyClerk,
  createWebhookRoute,
  WEBHOOK_OPTIONS,
  type WebhookRouteOptions,
} from '@acme/clerk-core/adapter'
import { readOptions } from '@acme/clerk-core/store'
import type { Handler } from 'hono'
import { hono, send } from './framework.js'

/**
 * Receives Clerk's webhooks: `app.post('/webhooks/clerk', clerkWebhook(clerk))`. Reads the raw bytes itself.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkWebhook(clerk: AnyClerk, given?: WebhookRouteOptions): Handler {
  const receive = createWebhookRoute(hono, clerk, readOptions('clerkWebhook', given, WEBHOOK_OPTIONS))
  return async (c) => send(c, await receive(c))
}
