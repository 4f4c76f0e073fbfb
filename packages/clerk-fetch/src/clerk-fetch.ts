import { type Auth, type Clerk, DeniedError } from '@acme/clerk-core'
import {
  type AnyClerk,
  createAuthenticator,
  createGuard,
  createProtectedResource,
  createRoutes,
  createScopes,
  createWebhookRoute,
  type FetchSession,
  findRoute,
  findState,
  type GuardArguments,
  type MaybePromise,
  type RequestState,
  type RoutesOptions,
  refuseMalformed,
  setState,
  targetOf,
  toFetchResponse,
  type WebResponse,
} from '@acme/clerk-core/adapter'
import type { MembershipRecord, OrganizationRecord, UserRecord } from '@acme/clerk-core/store'
import { readOptions } from '@acme/clerk-core/store'
import { createFramework } from './framework.js'
import { GUARD_OPTIONS, OPTIONS } from './options.js'
import type { ClerkFetch, ClerkFetchOptions, WithAuthOptions } from './types.js'

/**
 * Clerk for servers that answer a web-standard `Request` with a `Response`: Bun, Deno, Workers, route handlers of Next, h3.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkFetch<
  U extends UserRecord,
  M extends MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
  S extends FetchSession = FetchSession,
>(clerk: Clerk<U, M, O>, given?: ClerkFetchOptions<S>): ClerkFetch<Auth<U, M, O>, S> {
  const options: ClerkFetchOptions<S> = readOptions('clerkFetch', given, OPTIONS)
  return create(clerk as object as AnyClerk, options) as object as ClerkFetch<Auth<U, M, O>, S>
}

type Handler = (request: Request, context: object, ...rest: readonly unknown[]) => MaybePromise<Response>

function create<S extends FetchSession>(clerk: AnyClerk, given: ClerkFetchOptions<S>) {
  const { resource, localUser } = given
  const prefix = (given.prefix ?? '').replace(/\/+$/, '')
  const framework = createFramework(given)
  const options: RoutesOptions<Request> = {
    ...given,
    localUser: localUser && ((request) => localUser(request, framework.sessionOf(request))),
  }
  const look = createAuthenticator(framework, clerk, options)
  const routes = createRoutes(framework, clerk, options)
  const receive = createWebhookRoute(framework, clerk, options)
  const scopes = createScopes(framework, clerk, options)
  const described = resource === undefined ? null : createProtectedResource(framework, clerk, resource)

  return {
    async handler(request: Request): Promise<Response> {
      const target = targetOf(request.url)
      const refusal = refuseMalformed(request.method, target) ?? described?.handle(request) ?? null
      if (refusal !== null) return toFetchResponse(refusal)
      const path = target.replace(/[?#].*$/s, '')
      const below = path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : ''
      const route = findRoute(routes, request.method, below)
      if (route === undefined) return new Response('Not found', { status: 404 })
      return framework.answer(request, async () => rendered(await route.handle(request, prefix)))
    },

    async authenticate(request: Request) {
      return (await stateFor(request)).auth
    },

    webhook: (request: Request) => framework.answer(request, async () => rendered(await receive(request))),

    withAuth(requirement: GuardArguments[0], handler: Handler, guardOptions?: WithAuthOptions) {
      const { redirect = false } = readOptions('withAuth', guardOptions, GUARD_OPTIONS)
      const refuse = createGuard(framework, ...([requirement, { redirect, clerk }] as GuardArguments))
      return guarded(refuse, handler)
    },

    open: (handler: Handler) => guarded(() => null, handler),
  }

  function guarded(refuse: (request: Request) => WebResponse | null, handler: Handler) {
    return async (request: Request, ...rest: readonly unknown[]): Promise<Response> => {
      const malformed = refuseMalformed(request.method, targetOf(request.url))
      if (malformed !== null) return toFetchResponse(malformed)
      return framework.answer(request, async () => {
        const { auth } = await stateFor(request)
        const refusal = refuse(request)
        if (refusal !== null) return toFetchResponse(refusal)
        const context = { auth, session: framework.sessionOf(request) }
        const respond = async () => handler(request, context, ...rest)
        try {
          return await (scopes === null ? respond() : scopes(request, respond))
        } catch (error) {
          if (error instanceof DeniedError) return toFetchResponse(error.denial)
          throw error
        }
      })
    }
  }

  async function stateFor(request: Request): Promise<RequestState> {
    const present = findState(request, clerk)
    if (present !== null) return present
    const state = await look(request)
    setState(request, state)
    return state
  }
}

/** `null`: the client has closed the connection, and receives nothing. */
function rendered(response: WebResponse | null): Response {
  return response === null ? new Response(null, { status: 400 }) : toFetchResponse(response)
}
