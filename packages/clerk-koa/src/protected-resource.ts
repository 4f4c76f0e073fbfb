import {
  type AnyClerk,
  createProtectedResource,
  type ProtectedResourceOptions,
} from '@acme/clerk-core/adapter'
import type { Context, Middleware } from 'koa'
import { koa, send } from './framework.js'

/**
 * The metadata of this service for clients of OAuth and MCP (RFC 9728): `app.use(clerkProtectedResource(clerk, { resource }))`.
 * At the root of the application: its paths begin with `/.well-known/`, and a router below a prefix never sees them.
 *
 * @throws {ConfigurationError} where OAuth tokens are not accepted, and for options with values they cannot have
 */
export function clerkProtectedResource(clerk: AnyClerk, options?: ProtectedResourceOptions): Middleware {
  const { handle } = createProtectedResource(koa, clerk, options)
  return async (context, next) => {
    const ctx = context as Context
    const response = handle(ctx)
    if (response === null) return next()
    send(ctx, response)
  }
}
