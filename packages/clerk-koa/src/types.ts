import type { RegisteredAuth } from '@acme/clerk-core'

declare module 'koa' {
  interface DefaultState {
    /** Who is asking; there on every request after `clerkMiddleware`. */
    auth: RegisteredAuth
  }
}

export type { MiddlewareOptions as ClerkMiddlewareOptions } from '@acme/clerk-core'
