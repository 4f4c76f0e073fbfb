import type { RegisteredAuth } from '@acme/clerk-core'
import {
  createAuthenticator,
  findState,
  type GetAuthOptions,
  REQUEST_STATE,
  type RequestState,
  setState,
  storedAuth,
} from '@acme/clerk-core/adapter'
import type { FastifyPluginAsync, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'
import { fastify } from './framework.js'
import type { ClerkPluginOptions } from './types.js'

const register: FastifyPluginAsync<ClerkPluginOptions> = async (
  app,
  { clerk, hook = 'onRequest', ...options },
) => {
  if (!app.hasRequestDecorator(REQUEST_STATE)) {
    app.decorateRequest(REQUEST_STATE, null)
    app.decorateRequest('auth', { getter: getAuthOfThis })
  }
  const authenticate = createAuthenticator<FastifyRequest>(fastify, clerk, options)
  // A callback, not a promise: every microtask shows in what a Fastify request costs.
  app.addHook(hook, (request: FastifyRequest, _reply: unknown, next: HookHandlerDoneFunction) => {
    const state = authenticate(request)
    if (state instanceof Promise) state.then((known) => attach(request, known, next), next)
    else attach(request, state, next)
  })
}

function attach(request: FastifyRequest, state: RequestState, next: HookHandlerDoneFunction): void {
  setState(request, state)
  // A WebSocket handler, tRPC's for instance, may get Node's own request alone.
  if (request.headers.upgrade !== undefined) setState(request.raw, state)
  next()
}

/**
 * Puts `request.auth` on every request of its scope and those below. It refuses none: `requireAuth` does that. Register it
 * after the session and the application's own login, where there are such.
 *
 * @throws {ConfigurationError} for a `signInUrl` that is no URL
 */
export const clerkPlugin = fp(register, { name: '@acme/clerk-fastify', fastify: '5.x' })

/**
 * The same as `request.auth`.
 *
 * @throws {MiddlewareMissingError} where `clerkPlugin` has not authenticated the request
 * @throws {ClerkNotNamedError} where the middlewares of several clerks have run, and none is named
 */
export function getAuth(request: object, options?: GetAuthOptions): RegisteredAuth {
  return storedAuth(request, fastify.middleware, options) as RegisteredAuth
}

function getAuthOfThis(this: FastifyRequest): RegisteredAuth {
  const state = findState(this)
  // Like a property in the other frameworks: of several clerks' answers the last one. Guards and `getAuth` want a name.
  return state === null ? getAuth(this) : (state.auth as RegisteredAuth)
}
