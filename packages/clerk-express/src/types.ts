import type { RegisteredAuth } from '@acme/clerk-core'
import type { MiddlewareOptions, RoutesOptions } from '@acme/clerk-core/adapter'
import type { Request } from 'express'

declare global {
  namespace Express {
    interface Request {
      /** The user, machine or reason; present on every request after `clerkMiddleware`. */
      auth: RegisteredAuth
    }
  }
}

export interface ClerkMiddlewareOptions extends MiddlewareOptions<Request> {}

export interface ClerkRoutesOptions extends RoutesOptions<Request> {}
