import {
  type AnyClerk,
  type BodySource,
  createWebhookRoute,
  type WebhookRouteOptions,
} from '@acme/clerk-core'
import type { Request, RequestHandler } from 'express'
import { send } from './request.js'

export const RAW_BODY_REMEDY =
  'Mount the route before express.json(), or keep the bytes: express.json({ verify: (req, _res, bytes) => { req.rawBody = bytes } }).'

/** Receives Clerk's webhooks: `app.post('/webhooks/clerk', clerkWebhook(clerk))`. Reads the raw bytes itself. */
export function clerkWebhook(clerk: AnyClerk, options: WebhookRouteOptions = {}): RequestHandler {
  const route = createWebhookRoute(clerk, options, RAW_BODY_REMEDY)
  return (req, res, next) => {
    route
      .receive(bodySourceOf(req))
      .then((answer) => answer && send(res, answer))
      .catch(next)
  }
}

export function bodySourceOf(req: Request): BodySource {
  return {
    stream: req,
    headers: req.headers,
    rawBody: (req as { rawBody?: unknown }).rawBody,
    body: req.body,
  }
}
