import type {
  AnyClerk,
  ClerkRoutesOptions,
  MiddlewareOptions,
  RegisteredAuth,
  WebhookRouteOptions,
} from '@acme/clerk-core'
import type { FastifyRequest, HookHandlerDoneFunction } from 'fastify'

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

/** What our hooks need of a request and its reply: fits servers of HTTP/1 and HTTP/2 and routes with types of their own. */
export interface AnyRequest
  extends Pick<
    FastifyRequest,
    'headers' | 'host' | 'id' | 'ip' | 'is404' | 'method' | 'originalUrl' | 'protocol'
  > {
  readonly routeOptions: { readonly url?: string | undefined }
}

export interface AnyReply {
  readonly raw: {
    readonly statusCode: number
    readonly writableFinished: boolean
    once(event: 'close', listener: () => void): unknown
  }
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  send(body?: unknown): unknown
}

export type Hook = (request: AnyRequest, reply: AnyReply, done: HookHandlerDoneFunction) => void
