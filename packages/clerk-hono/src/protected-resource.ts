import {
  type AnyClerk,
  createProtectedResource,
  type ProtectedResourceOptions,
} from '@acme/clerk-core/adapter'
import type { MiddlewareHandler } from 'hono'
import { hono, send } from './framework.js'

/**
 * The metadata of this service for clients of OAuth and MCP (RFC 9728): `app.use(clerkProtectedResource(clerk, { resource }))`.
 * At the root of the application: its paths begin with `/.well-known/`.
 *
 * @throws {ConfigurationError} where OAuth tokens are not accepted, and for options with values they cannot have
 */
export function clerkProtectedResource(
  clerk: AnyClerk,
  options?: ProtectedResourceOptions,
): MiddlewareHandler {
  const { handle } = createProtectedResource(hono, clerk, options)
  return async (c, next) => {
    const response = handle(c)
    if (response !== null) return send(c, response)
    await next()
    return undefined
  }
}
