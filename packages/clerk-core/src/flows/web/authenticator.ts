import type { Credentials } from '../../domain/credentials/credentials.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { AnyAuth, AnyClerk } from './any-clerk.js'
import type { Framework } from './framework.js'
import type { RequestState } from './request-state.js'
import { checkedUrl } from './sign-in-url.js'

/** Options of every adapter's middleware. `R`: the framework's request. */
export interface MiddlewareOptions<R> {
  /** The user whom the application's own login has signed in; called after that login. `undefined`, `null`, `false`: no user. */
  localUser?: ((request: R) => unknown) | undefined
  /** Where `requireAuth(…, { redirect: true })` sends people. Default: the Account Portal of the publishable key. */
  signInUrl?: string | undefined
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
    chain(localUser(request), (user) =>
      authenticate(credentialsOf(request, isNoUser(user) ? undefined : user)),
    )

  function authenticate(credentials: Credentials): MaybePromise<RequestState> {
    const { session } = credentials
    const auth = clerk.authenticateNow(credentials)
    return auth instanceof Promise ? auth.then((known) => stateOf(known, session)) : stateOf(auth, session)
  }

  function stateOf(auth: AnyAuth, session: SessionSlot | undefined): RequestState {
    return { clerk, auth, session, signInUrl, passed: undefined }
  }
}

/** What logins leave when no user is signed in: Passport `undefined`, others `null` or `false`. */
function isNoUser(user: unknown): boolean {
  return user === undefined || user === null || user === false
}
