import { createGuard, type GuardArguments } from '@acme/clerk-core/adapter'
import type { RequestHandler } from 'express'
import { express, send } from './framework.js'

/**
 * Lets a request pass that meets the requirement; without one, any signed-in user's. Answers all others: 401, 403 or 503.
 *
 * @throws {ConfigurationError} for a requirement or options with an unknown key or value, `undefined` included
 */
export function requireAuth(...requirement: GuardArguments): RequestHandler {
  const refuse = createGuard(express, ...requirement)
  return (req, res, next) => {
    const refusal = refuse(req)
    if (refusal === null) next()
    else send(res, refusal)
  }
}
