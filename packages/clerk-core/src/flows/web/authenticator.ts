import type { Credentials } from '../../domain/credentials/credentials.js'
import { localUserOf } from '../../domain/credentials/local-user.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { AnyClerk } from './any-clerk.js'
import type { Framework } from './framework.js'
import { makeState, type RequestState } from './request-state.js'
import { checkedUrl } from './sign-in-url.js'

/** Options of every adapter's middleware. `R`: the framework's request. */
export interface MiddlewareOptions<R> {
  /**
   * The user whom the application's own login has signed in; called after that login. An object with a property of its own,
   * a string that is not empty, a positive number or a bigint; `undefined`, `null` and `false` say that there is none, and
   * so does, with a warning, everything else. A promise or a query is awaited.
   */
  localUser?: ((request: R) => unknown) | undefined
  /** Where `requireAuth(…, { redirect: true })` sends people. Default: the Account Portal of the publishable key. */
  signInUrl?: string | undefined
  /**
   * Lets `currentAuth(clerk)` be called without the request, by all that runs behind the middleware. Default `false`, which
   * costs nothing.
   */
  context?: boolean | undefined
}

/**
 * What a middleware does in every framework: the state of a request, without a promise where there is nothing to wait for.
 *
 * @throws {ConfigurationError} when it is made, for a `signInUrl` that is no URL
 */
export function createAuthenticator<R extends object>(
  { credentialsOf }: Pick<Framework<R>, 'credentialsOf'>,
  clerk: AnyClerk,
  { localUser, signInUrl }: MiddlewareOptions<R>,
): (request: R) => MaybePromise<RequestState> {
  checkedUrl('signInUrl', signInUrl)
  if (localUser === undefined) return (request) => authenticate(credentialsOf(request, undefined))
  return (request) =>
    chain(awaited(localUser(request)), (user) =>
      authenticate(credentialsOf(request, localUserOf(user, clerk))),
    )

  function authenticate(credentials: Credentials): MaybePromise<RequestState> {
    const { session } = credentials
    const auth = clerk.authenticateNow(credentials)
    if (auth instanceof Promise) return auth.then((known) => makeState(clerk, known, session, signInUrl))
    return makeState(clerk, auth, session, signInUrl)
  }
}

/** A promise of another library's, or a query that runs when it is awaited: as an object it would be a user. */
function awaited(value: unknown): MaybePromise<unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Promise) return value
  return 'then' in value && typeof value.then === 'function' ? Promise.resolve(value) : value
}
