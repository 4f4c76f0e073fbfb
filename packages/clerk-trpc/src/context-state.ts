import { MiddlewareMissingError } from '@acme/clerk-core'
import { type AnyAuth, type AnyClerk, type RequestState, setState, stateOf } from '@acme/clerk-core/adapter'
import type { ClerkContext } from './types.js'

/** Survives `{ ...(await createContext(options)), db }`, as every property that is spread. */
const STATES = Symbol('acme.clerk.trpc')

interface StatefulContext {
  readonly [STATES]?: object
}

/** The clerks whose calls have a scope, of the states of a request. */
const scoped = new WeakMap<object, Set<AnyClerk>>()

const NO_CONTEXT =
  'Give the adapter of tRPC `createContext: createClerkContext(clerk)`, or spread what that makes into a context of your own.'

/** The states of the contexts that were made of one request: where two clerks made one each, a guard must name its own. */
const statesOfRequest = new WeakMap<object, object>()

export function contextOf<A extends AnyAuth>(
  request: object,
  clerk: AnyClerk,
  auth: A,
  isScoped: boolean,
): ClerkContext<A> {
  let states = statesOfRequest.get(request)
  if (states === undefined) {
    states = {}
    statesOfRequest.set(request, states)
  }
  setState(states, {
    clerk,
    auth,
    session: undefined,
    signInUrl: undefined,
    earlier: null,
    passed: undefined,
    connection: undefined,
  })
  if (isScoped) scoped.set(states, (scoped.get(states) ?? new Set()).add(clerk))
  const context: ClerkContext<A> & StatefulContext = { auth, [STATES]: states }
  return context
}

/**
 * What a guard decides about. A context that an application or a test put together itself holds one `auth`, which a guard
 * that names no clerk takes.
 *
 * @throws {MiddlewareMissingError} @throws {ClerkNotNamedError}
 */
export function authIn(context: ClerkContext<AnyAuth>, clerk: AnyClerk | undefined): AnyAuth {
  // tRPC calls procedures without a context where the adapter was given no `createContext`.
  const given = context as (ClerkContext<AnyAuth> & StatefulContext) | undefined
  const states = given?.[STATES]
  if (given === undefined || (states === undefined && (given.auth as AnyAuth | undefined) === undefined))
    throw new MiddlewareMissingError('createClerkContext', clerk !== undefined, NO_CONTEXT)
  if (states === undefined && clerk === undefined) return given.auth
  const { auth } = stateOf(states ?? {}, 'createClerkContext', clerk)
  // The application may have put a narrower `auth` in its place; of one clerk that is its own decision.
  return clerk === undefined ? context.auth : auth
}

/** The clerk that {@link authIn} asks; `null` in a context that an application or a test put together itself. */
export function clerkIn(context: ClerkContext<AnyAuth>, clerk: AnyClerk | undefined): AnyClerk | null {
  const states = (context as StatefulContext)[STATES]
  return states === undefined ? (clerk ?? null) : stateOf(states, 'createClerkContext', clerk).clerk
}

/** Clerks that were told `context: true` in the making of this context, each with what it says of the request. */
export function scopesIn(context: ClerkContext<AnyAuth>): readonly RequestState[] {
  const states = (context as StatefulContext)[STATES]
  const clerks = states === undefined ? undefined : scoped.get(states)
  if (states === undefined || clerks === undefined) return NONE
  return [...clerks].map((clerk) => stateOf(states, 'createClerkContext', clerk))
}

const NONE: readonly RequestState[] = []
