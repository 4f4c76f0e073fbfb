import type { RegisteredAuth } from '@acme/clerk-core'
import type {
  AnyClerk,
  AuditedResponse,
  BodySource,
  MiddlewareOptions,
  RoutesOptions,
  WebhookRouteOptions,
} from '@acme/clerk-core/adapter'
import type { FastifyRequest, HookHandlerDoneFunction } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** The user, machine or reason; present on every request of the scope `clerkPlugin` is registered in, and below. */
    readonly auth: RegisteredAuth
  }
}

export interface ClerkPluginOptions extends MiddlewareOptions<FastifyRequest> {
  clerk: AnyClerk
  /** When to authenticate: `preHandler` where the application's own login runs in a later hook than `onRequest`. */
  hook?: 'onRequest' | 'preHandler' | undefined
}

export interface ClerkWebhookPluginOptions extends WebhookRouteOptions {
  clerk: AnyClerk
}

export interface ClerkRoutesPluginOptions extends RoutesOptions<FastifyRequest> {
  clerk: AnyClerk
}

/** What our hooks need of a request and its reply: fits servers of HTTP/1 and HTTP/2 and routes with types of their own. */
export interface AnyRequest
  extends Pick<
    FastifyRequest,
    'body' | 'headers' | 'host' | 'id' | 'ip' | 'is404' | 'method' | 'originalUrl' | 'protocol'
  > {
  readonly raw: BodySource['stream']
  readonly routeOptions: { readonly url?: string | undefined }
}

export interface AnyReply {
  readonly raw: AuditedResponse
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  send(body?: unknown): unknown
}

export type Hook = (request: AnyRequest, reply: AnyReply, done: HookHandlerDoneFunction) => void
