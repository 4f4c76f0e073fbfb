import type { Requirement } from '../../domain/guard/requirement.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import type { AnyAuth, AnyClerk } from './any-clerk.js'

/** What the middleware stores on a request for guards, routes and logs. */
export interface RequestState {
  readonly clerk: AnyClerk
  readonly auth: AnyAuth
  readonly session: SessionSlot | undefined
  readonly signInUrl: string | undefined
  /** What the guards asked that have let the request pass: a connection that it opens is held to it. */
  passed: readonly Requirement[] | undefined
}

/**
 * A symbol of this module: a `req.auth` set by another library, or by a second copy of this package, is never taken for
 * ours. Not a `WeakMap` keyed by request: that doubled the cost of a Koa request.
 */
export const REQUEST_STATE: unique symbol = Symbol('acme.clerk.request')

interface StatefulRequest {
  [REQUEST_STATE]?: RequestState | null
}

/** A guard or handler asks for the `Auth` of a request that no middleware has authenticated. */
export class MiddlewareMissingError extends Error {
  override readonly name = 'MiddlewareMissingError'
  readonly code = 'middleware-missing'

  constructor(middleware: string) {
    super(
      `This request has not been authenticated. Mount ${middleware} before the guards and handlers that need it.`,
    )
  }
}

/**
 * No guard decides about a request that no middleware has authenticated.
 *
 * @throws {MiddlewareMissingError}
 */
export function stateOf(request: object, middleware: string): RequestState {
  const state = findState(request)
  if (state === null) throw new MiddlewareMissingError(middleware)
  return state
}

export function setState(request: object, state: RequestState): void {
  ;(request as StatefulRequest)[REQUEST_STATE] = state
}

/** The state of a request; `null` where no middleware has authenticated it. */
export function findState(request: object): RequestState | null {
  return (request as StatefulRequest)[REQUEST_STATE] ?? null
}
