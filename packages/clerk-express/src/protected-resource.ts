import {
  type AnyClerk,
  createProtectedResource,
  type ProtectedResourceOptions,
} from '@acme/clerk-core/adapter'
import type { RequestHandler } from 'express'
import { express, send } from './framework.js'

/**
 * The metadata of this service for clients of OAuth and MCP (RFC 9728): `app.use(clerkProtectedResource(clerk, { resource }))`.
 * At the root of the application: its paths begin with `/.well-known/`, and a router below a prefix never sees them.
 *
 * @throws {ConfigurationError} where OAuth tokens are not accepted, and for options with values they cannot have
 */
export function clerkProtectedResource(clerk: AnyClerk, options?: ProtectedResourceOptions): RequestHandler {
  const { handle } = createProtectedResource(express, clerk, options)
  return (req, res, next) => {
    const response = handle(req)
    if (response === null) next()
    else send(res, response)
  }
}
