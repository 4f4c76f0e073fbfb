import {
  authenticateRequest,
  REQUEST_STATE,
  type RegisteredAuth,
  type RequestState,
  setState,
  stateOf,
} from '@acme/clerk-core'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'
import { credentialsOf } from './request.js'
import type { ClerkPluginOptions } from './types.js'

const register: FastifyPluginAsync<ClerkPluginOptions> = async (
  fastify,
  { clerk, hook = 'onRequest', ...options },
) => {
  if (!fastify.hasRequestDecorator(REQUEST_STATE)) {
    fastify.decorateRequest(REQUEST_STATE, null)
    fastify.decorateRequest('auth', { getter: getAuthOfThis })
  }
  // A callback, not a promise: every microtask shows in what a Fastify request costs.
  const look = (request: FastifyRequest, _reply: FastifyReply, next: HookHandlerDoneFunction) => {
    const state = authenticateRequest(clerk, request, options, credentialsOf)
    if (state instanceof Promise) state.then((known) => goOn(request, known, next), next)
    else goOn(request, state, next)
  }
  fastify.addHook(hook, look)
}

function goOn(request: FastifyRequest, state: RequestState, next: HookHandlerDoneFunction): void {
  setState(request, state)
  next()
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
