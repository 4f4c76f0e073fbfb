import type { Credentials } from '../../domain/credentials/credentials.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { AnyAuth, AnyClerk } from './any-clerk.js'

/** Options of every adapter's middleware. `R`: the framework's request. */
export interface MiddlewareOptions<R> {
  /** Whoever the application's own login has signed in; called after it. `undefined`, `null`, `false`: nobody. */
  localUser?: ((request: R) => unknown) | undefined
  /** Where `requireAuth(…, { redirect: true })` sends people. Default: the Account Portal of the publishable key. */
  signInUrl?: string | undefined
}

/** What the middleware leaves on a request for guards, routes and logs. */
export interface RequestState {
  readonly clerk: AnyClerk
  readonly auth: AnyAuth
  readonly session: SessionSlot | undefined
  readonly signInUrl: string | undefined
}

/**
 * A symbol of this module's own: a `req.auth` that another library put there is never taken for ours, and neither is
 * that of a second copy of this package. Not a `WeakMap` by request: that doubled what a request of Koa costs.
 */
export const REQUEST_STATE: unique symbol = Symbol('acme.clerk.request')

interface StatefulRequest {
  [REQUEST_STATE]?: RequestState | null
}

/** No guard decides, and no handler asks, before somebody has looked at the request. */
export class MiddlewareMissingError extends Error {
  override readonly name = 'MiddlewareMissingError'
  readonly code = 'middleware-missing'

  constructor(middleware: string) {
    super(
      `This request has not been authenticated. Mount ${middleware} before the guards and handlers that need it.`,
    )
  }
}

/** @throws {MiddlewareMissingError} */
export function stateOf(request: object, middleware: string): RequestState {
  const state = findState(request)
  if (state === null) throw new MiddlewareMissingError(middleware)
  return state
}

export function setState(request: object, state: RequestState): void {
  ;(request as StatefulRequest)[REQUEST_STATE] = state
}

/** The state of a request, where there is one. */
export function findState(request: object): RequestState | null {
  return (request as StatefulRequest)[REQUEST_STATE] ?? null
}

/**
 * What a middleware does, whatever the framework: the answer for this request, without a promise where nothing has to
 * be waited for.
 */
export function authenticateRequest<R>(
  clerk: AnyClerk,
  request: R,
  { localUser, signInUrl }: MiddlewareOptions<R>,
  credentialsOf: (request: R, localUser: unknown) => Credentials,
): MaybePromise<RequestState> {
  if (localUser === undefined) return judge(clerk, credentialsOf(request, undefined), signInUrl)
  return chain(localUser(request), (local) =>
    judge(clerk, credentialsOf(request, isNobody(local) ? undefined : local), signInUrl),
  )
}

function judge(
  clerk: AnyClerk,
  credentials: Credentials,
  signInUrl: string | undefined,
): MaybePromise<RequestState> {
  const auth = clerk.authenticateNow(credentials)
  const { session } = credentials
  if (auth instanceof Promise) return auth.then((resolved) => ({ clerk, auth: resolved, session, signInUrl }))
  return { clerk, auth, session, signInUrl }
}

/** What logins leave behind when nobody is signed in: Passport `undefined`, others `null` or `false`. */
function isNobody(local: unknown): boolean {
  return local === undefined || local === null || local === false
}
