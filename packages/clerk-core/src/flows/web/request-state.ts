import type { Requirement } from '../../domain/guard/requirement.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import type { Connection } from '../authentication/connection.js'
import type { AnyAuth, AnyClerk } from './any-clerk.js'

/** What the middleware of one clerk stores on a request for guards, routes and logs. */
export interface RequestState {
  readonly clerk: AnyClerk
  readonly auth: AnyAuth
  readonly session: SessionSlot | undefined
  readonly signInUrl: string | undefined
  /** What the middleware of another clerk stored before. */
  readonly earlier: RequestState | null
  /** What the guards asked that have let the request pass: a connection that it opens is held to it. */
  passed: readonly Requirement[] | undefined
  /** What `watchRequest` has made of the request. */
  connection?: Connection<AnyAuth> | undefined
}

/**
 * A symbol of this module: a `req.auth` set by another library, or by a second copy of this package, is never taken for
 * ours. Not a `WeakMap` keyed by request: that doubled the cost of a Koa request. The states of several clerks are a chain
 * behind one symbol, so that a request of the only clerk costs one lookup.
 */
export const REQUEST_STATE: unique symbol = Symbol('acme.clerk.request')

interface StatefulRequest {
  [REQUEST_STATE]?: RequestState | null
}

/** A guard or handler asks for the `Auth` of a request that no middleware of this clerk has authenticated. */
export class MiddlewareMissingError extends Error {
  override readonly name = 'MiddlewareMissingError'
  readonly code = 'middleware-missing'

  constructor(
    middleware: string,
    named = false,
    remedy = `Mount ${middleware}${named ? ' of that clerk' : ''} before the guards and handlers that need it.`,
  ) {
    const forWhom = named ? ' for the clerk that the guard names' : ''
    super(`This request has not been authenticated${forWhom}. ${remedy}`)
  }
}

/** A guard or handler that names no clerk asks about a request that two of them have authenticated. */
export class ClerkNotNamedError extends Error {
  override readonly name = 'ClerkNotNamedError'
  readonly code = 'clerk-not-named'

  constructor() {
    super(
      'This request has been authenticated by several instances of createClerk, and a user of one is no user of another. Name the one that decides: requireAuth({ … }, { clerk }), getAuth(req, { clerk }).',
    )
  }
}

export function makeState(
  clerk: AnyClerk,
  auth: AnyAuth,
  session: SessionSlot | undefined,
  signInUrl: string | undefined,
): RequestState {
  return { clerk, auth, session, signInUrl, earlier: null, passed: undefined, connection: undefined }
}

/**
 * What decides about a request. No guard decides about one that no middleware has authenticated, and none chooses between
 * the users of two clerks.
 *
 * @param clerk the one whose answer counts; needed where several have authenticated the request
 * @throws {MiddlewareMissingError}
 * @throws {ClerkNotNamedError}
 */
export function stateOf(request: object, middleware: string, clerk?: AnyClerk): RequestState {
  const state = findState(request, clerk)
  if (state === null) throw new MiddlewareMissingError(middleware, clerk !== undefined)
  if (clerk === undefined && state.earlier !== null) throw new ClerkNotNamedError()
  return state
}

/** Beside the states of other clerks; instead of an earlier one of the same clerk. */
export function setState(request: object, state: RequestState): void {
  const stateful = request as StatefulRequest
  const present = stateful[REQUEST_STATE] ?? null
  stateful[REQUEST_STATE] =
    present === null ? state : { ...state, earlier: withoutClerk(present, state.clerk) }
}

function withoutClerk(state: RequestState | null, clerk: AnyClerk): RequestState | null {
  if (state === null) return null
  const earlier = withoutClerk(state.earlier, clerk)
  if (state.clerk === clerk) return earlier
  return earlier === state.earlier ? state : { ...state, earlier }
}

/** The state of a request, of this clerk or the latest; `null` where no such middleware has authenticated it. */
export function findState(request: object, clerk?: AnyClerk): RequestState | null {
  let state = (request as StatefulRequest)[REQUEST_STATE] ?? null
  if (clerk === undefined) return state
  while (state !== null && state.clerk !== clerk) state = state.earlier
  return state
}
