import {
  type AnyClerk,
  createWebhookRoute,
  WEBHOOK_OPTIONS,
  type WebhookRouteOptions,
} from '@acme/clerk-core/adapter'
import { readOptions } from '@acme/clerk-core/store'
import type { RequestHandler } from 'express'
import { express, send } from './framework.js'

/**
 * Receives Clerk's webhooks: `app.post('/webhooks/clerk', clerkWebhook(clerk))`. Reads the raw bytes itself.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkWebhook(clerk: AnyClerk, given?: WebhookRouteOptions): RequestHandler {
  const options = readOptions('clerkWebhook', given, WEBHOOK_OPTIONS)
  const receive = createWebhookRoute(express, clerk, options)
  return async (req, res, next) => {
    try {
      const response = await receive(req)
      if (response !== null) send(res, response)
    } catch (error) {
      next(error)
    }
  }
}
