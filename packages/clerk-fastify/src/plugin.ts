import {
  authenticateRequest,
  REQUEST_STATE,
  type RegisteredAuth,
  type StatefulRequest,
  settle,
  stateOf,
} from '@acme/clerk-core'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { credentialsOf } from './request.js'
import type { ClerkPluginOptions } from './types.js'

const register: FastifyPluginCallback<ClerkPluginOptions> = (
  fastify,
  { clerk, hook = 'onRequest', ...options },
  done,
) => {
  if (!fastify.hasRequestDecorator(REQUEST_STATE)) {
    fastify.decorateRequest(REQUEST_STATE, null)
    fastify.decorateRequest('auth', { getter: getAuthOfThis })
  }
  // A callback, not a promise: every microtask shows in what a Fastify request costs.
  fastify.addHook(hook, (request: FastifyRequest & StatefulRequest, _reply, next) => {
    settle(
      authenticateRequest(clerk, request, options, credentialsOf),
      (state) => {
        request[REQUEST_STATE] = state
        next()
      },
      next,
    )
  })
  done()
}

/**
 * Puts `request.auth` on every request of its scope and those below. Refuses nobody: that is what `requireAuth` is for.
 * Register it after the session and the application's own login, where there are such.
 */
export const clerkPlugin = fp(register, { name: '@acme/clerk-fastify', fastify: '5.x' })

/**
 * The same as `request.auth`.
 *
 * @throws {MiddlewareMissingError} where `clerkPlugin` has not looked at the request
 */
export function getAuth(request: object): RegisteredAuth {
  return stateOf(request, 'clerkPlugin').auth as RegisteredAuth
}

function getAuthOfThis(this: FastifyRequest): RegisteredAuth {
  return getAuth(this)
}
