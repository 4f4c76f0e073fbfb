import type { RegisteredAuth } from '@acme/clerk-core'
import type {
  FetchSession,
  MaybePromise,
  MiddlewareOptions,
  PeerOptions,
  RoutesOptions,
} from '@acme/clerk-core/adapter'
import type { Context } from 'hono'

declare module 'hono' {
  interface ContextVariableMap {
    /** The user, machine or reason; present on every request after `clerkMiddleware`. */
    auth: RegisteredAuth
  }
}

/** What Hono does not tell of a request, and an application may. */
export interface RequestOptions extends PeerOptions<Context> {
  /** The application's session, called where a request needs it. It may set cookies on `c.res.headers`. */
  session?: ((c: Context) => MaybePromise<FetchSession>) | undefined
}

export interface ClerkMiddlewareOptions extends MiddlewareOptions<Context>, RequestOptions {}

/** Those of a `clerkMiddleware` in front hold for the routes too. */
export interface ClerkRoutesOptions extends RoutesOptions<Context>, RequestOptions {}
