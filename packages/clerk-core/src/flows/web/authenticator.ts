import type { Credentials } from '../../domain/credentials/credentials.js'
import { localUserOf } from '../../domain/credentials/local-user.js'
import { headerValues } from '../../ground/observe/redact.js'
import { type OptionRules, rule } from '../../ground/options/read-options.js'
import { checkPage } from '../../ground/options/values.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { AnyClerk } from './any-clerk.js'
import type { Framework } from './framework.js'
import { makeState, type RequestState } from './request-state.js'
import { settingsOf } from './settings.js'

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

/** For `readOptions`, which every adapter calls before anything of this file. */
export const MIDDLEWARE_OPTIONS: OptionRules<MiddlewareOptions<never>> = {
  localUser: rule.code,
  signInUrl: rule.textOf(checkPage),
  context: rule.flag,
}

/** What a middleware does in every framework: the state of a request, without a promise where there is nothing to wait for. */
export function createAuthenticator<R extends object>(
  { credentialsOf, webRequestOf }: Pick<Framework<R>, 'credentialsOf' | 'webRequestOf'>,
  clerk: AnyClerk,
  { localUser, signInUrl }: MiddlewareOptions<R>,
): (request: R) => MaybePromise<RequestState> {
  const { observer } = settingsOf(clerk)
  if (localUser === undefined) return (request) => authenticate(credentialsOf(request, undefined))
  return (request) =>
    chain(ask(localUser, request), (user) =>
      authenticate(credentialsOf(request, localUserOf(user, clerk, observer))),
    )

  /** What it throws goes on to the framework, and is told here with what the framework's own log may leave out. */
  function ask(ofRequest: (request: R) => unknown, request: R): MaybePromise<unknown> {
    const failed = (error: unknown): never => {
      const { authorization, cookie, 'x-api-key': apiKey } = webRequestOf(request).headers
      observer.thrown({ place: 'localUser', error, values: headerValues({ authorization, cookie, apiKey }) })
      throw error
    }
    try {
      const user = awaited(ofRequest(request))
      return user instanceof Promise ? user.catch(failed) : user
    } catch (error) {
      return failed(error)
    }
  }

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
