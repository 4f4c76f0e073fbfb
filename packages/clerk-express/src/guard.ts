import type { RegisteredAuth, Requirement } from '@acme/clerk-core'
import { createGuard, type GuardOptions } from '@acme/clerk-core/adapter'
import type { RequestHandler } from 'express'
import { express, send } from './framework.js'

/**
 * Lets a request pass that meets the requirement; without one, any signed-in user's. Answers all others: 401, 403 or 503.
 *
 * @throws {ConfigurationError} for a requirement with an unknown key or value
 */
export function requireAuth(
  requirement: Requirement<RegisteredAuth> = {},
  options: GuardOptions = {},
): RequestHandler {
  const refuse = createGuard(express, requirement, options)
  return (req, res, next) => {
    const refusal = refuse(req)
    if (refusal === null) next()
    else send(res, refusal)
  }
}
