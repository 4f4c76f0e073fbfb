import { type AnyAuth, type AnyClerk, setState, stateOf } from '@acme/clerk-core/adapter'
import type { ClerkContext } from './types.js'

/** Survives `{ ...(await createContext(options)), db }`, as every property that is spread. */
const STATES = Symbol('acme.clerk.trpc')

interface StatefulContext {
  readonly [STATES]?: object
}

/** The states of the contexts that were made of one request: where two clerks made one each, a guard must name its own. */
const statesOfRequest = new WeakMap<object, object>()

export function contextOf<A extends AnyAuth>(request: object, clerk: AnyClerk, auth: A): ClerkContext<A> {
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
  })
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
  const states = (context as StatefulContext)[STATES]
  if (states === undefined && clerk === undefined) return context.auth
  const { auth } = stateOf(states ?? {}, 'createClerkContext', clerk)
  // The application may have put a narrower `auth` in its place; of one clerk that is its own decision.
  return clerk === undefined ? context.auth : auth
}
