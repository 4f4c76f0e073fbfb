import { type AnyClerk, createWebhookRoute, type WebhookRouteOptions } from '@acme/clerk-core/adapter'
import type { RequestHandler } from 'express'
import { express, send } from './framework.js'

/** Receives Clerk's webhooks: `app.post('/webhooks/clerk', clerkWebhook(clerk))`. Reads the raw bytes itself. */
export function clerkWebhook(clerk: AnyClerk, options: WebhookRouteOptions = {}): RequestHandler {
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
