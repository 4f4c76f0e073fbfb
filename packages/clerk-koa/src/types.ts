import type { RegisteredAuth } from '@acme/clerk-core'
import type { MiddlewareOptions, RoutesOptions } from '@acme/clerk-core/adapter'
import type { Context } from 'koa'

declare module 'koa' {
  interface DefaultState {
    /** The user, machine or reason; present on every request after `clerkMiddleware`. */
    auth: RegisteredAuth
  }
}

export interface ClerkMiddlewareOptions extends MiddlewareOptions<Context> {}

export interface ClerkRoutesOptions extends RoutesOptions<Context> {
  /** Path the routes are mounted at, e.g. `/auth`. Default: the root. */
  prefix?: string | undefined
}
