import type { RegisteredAuth } from '@acme/clerk-core'
import {
  createAuthenticator,
  createScopes,
  findState,
  type GetAuthOptions,
  MIDDLEWARE_OPTIONS,
  notLookedAt,
  REQUEST_STATE,
  type RequestState,
  refuseMalformed,
  setState,
  storedAuth,
} from '@acme/clerk-core/adapter'
import { rule } from '@acme/clerk-core/store'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'
import { fastify, REPLY, send } from './framework.js'
import { readPluginOptions } from './plugin-options.js'
import type { ClerkPluginOptions } from './types.js'

const register: FastifyPluginAsync<ClerkPluginOptions> = async (app, given) => {
  const {
    clerk,
    hook = 'onRequest',
    ...options
  } = readPluginOptions('clerkPlugin', given, {
    ...MIDDLEWARE_OPTIONS,
    hook: rule.words('onRequest', 'preHandler'),
  })
  if (!app.hasRequestDecorator(REQUEST_STATE)) {
    app.decorateRequest(REQUEST_STATE, null)
    app.decorateRequest(REPLY, null)
    app.decorateRequest('auth', { getter: getAuthOfThis })
  }
  const authenticate = createAuthenticator<FastifyRequest>(fastify, clerk, options)
  const scopes = createScopes<FastifyRequest>(fastify, clerk, options)
  // A callback, not a promise: every microtask shows in what a Fastify request costs.
  app.addHook(hook, (request: FastifyRequest, reply: FastifyReply, next: HookHandlerDoneFunction) => {
    const refusal = refuseMalformed(request.method, request.originalUrl)
    if (refusal !== null) return send(reply, refusal)
    ;(request as { [REPLY]?: FastifyReply })[REPLY] = reply
    const state = authenticate(request)
    if (state instanceof Promise) state.then((known) => attach(request, known, next), next)
    else attach(request, state, next)
  })

  function attach(request: FastifyRequest, state: RequestState, next: HookHandlerDoneFunction): void {
    setState(request, state)
    // A WebSocket handler, tRPC's for instance, may get Node's own request alone.
    if (request.headers.upgrade !== undefined) setState(request.raw, state)
    if (scopes === null) next()
    else scopes(request, next)
  }
}

/**
 * Puts `request.auth` on every request of its scope and those below. It refuses none but those
 * that are no requests (TRACE, `//`: 400): `requireAuth` does that. Register it after the session and the application's own login, where there are such.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export const clerkPlugin = fp(register, { name: '@acme/clerk-fastify', fastify: '5.x' })

/**
 * The same as `request.auth`, for code that must not run before `clerkPlugin`.
 *
 * @throws {MiddlewareMissingError} where `clerkPlugin` has not authenticated the request
 * @throws {ClerkNotNamedError} where the middlewares of several clerks have run, and none is named
 */
export function getAuth(request: object, options?: GetAuthOptions): RegisteredAuth {
  return storedAuth(request, fastify.middleware, options) as RegisteredAuth
}

/**
 * Error handlers and log serializers read it too, for requests that another hook refused before: an error thrown there would
 * hide the refusal, or end the process. Guards and `getAuth` still refuse such a request.
 */
function getAuthOfThis(this: FastifyRequest): RegisteredAuth {
  // Like a property in the other frameworks: of several clerks' answers the last one. Guards and `getAuth` want a name.
  return (findState(this)?.auth ?? notLookedAt()) as RegisteredAuth
}
