import type {
  AnyClerk,
  ClerkRoutesOptions,
  MiddlewareOptions,
  RegisteredAuth,
  WebhookRouteOptions,
} from '@acme/clerk-core'
import type { FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; there on every request of the scope `clerkPlugin` is registered in, and below. */
    readonly auth: RegisteredAuth
  }
}

export interface ClerkPluginOptions extends MiddlewareOptions<FastifyRequest> {
  clerk: AnyClerk
  /** When to look: `preHandler` where the application's own login runs in a later hook than `onRequest`. */
  hook?: 'onRequest' | 'preHandler' | undefined
}

export interface ClerkWebhookPluginOptions extends WebhookRouteOptions {
  clerk: AnyClerk
}

export interface ClerkRoutesPluginOptions extends ClerkRoutesOptions, MiddlewareOptions<FastifyRequest> {
  clerk: AnyClerk
}
