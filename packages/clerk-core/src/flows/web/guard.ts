import type { RegisteredAuth } from '../../domain/auth/auth.js'
import { authorize } from '../../domain/guard/authorize.js'
import type { Denial, Requirement } from '../../domain/guard/requirement.js'
import { requirementOf } from '../../domain/guard/validate-requirement.js'
import type { AnyAuth } from './any-clerk.js'
import type { Framework } from './framework.js'
import { type GetAuthOptions, type GuardOptions, namedClerk, readGuardOptions } from './guard-options.js'
import type { WebRequest, WebResponse } from './messages.js'
import { withMetadata } from './protected-resource.js'
import { findState, type RequestState, setState, stateOf } from './request-state.js'
import { returnTargetOf } from './return-target.js'
import { signInPages, withReturn } from './sign-in-url.js'

/**
 * What every adapter's `getAuth` returns.
 *
 * @throws {MiddlewareMissingError}
 * @throws {ClerkNotNamedError}
 * @throws {ConfigurationError} for options that were to name a clerk and name none
 */
export function storedAuth(request: object, middleware: string, options?: GetAuthOptions): AnyAuth {
  return storedState(request, middleware, options).auth
}

/** The same, with the clerk that has made it. */
export function storedState(request: object, middleware: string, options?: GetAuthOptions): RequestState {
  return stateOf(request, middleware, options === undefined ? undefined : namedClerk('getAuth', options))
}

/**
 * What `requireAuth` is called with: nothing, or a requirement; never `undefined`, which a misspelt name comes out as.
 * `R`: the requirement as it is written, where a framework's types can carry it on to the next handler.
 */
export type GuardArguments<R extends Requirement<RegisteredAuth> = Requirement<RegisteredAuth>> =
  | readonly []
  | readonly [requirement: R & Requirement<RegisteredAuth> & Exactly<R>, options?: GuardOptions]

/** As TypeScript checks an object for misspelt keys where no type parameter takes them all. */
export type Exactly<R> = { readonly [K in Exclude<keyof R, keyof Requirement>]?: never }

/**
 * What a guard does in every framework. The function it returns gives the response to a request that is denied, `null`
 * for one that may pass, and throws {@link MiddlewareMissingError} for one that no middleware has authenticated,
 * {@link ClerkNotNamedError} for one that several clerks have, where the guard names none.
 *
 * @throws {ConfigurationError} when it is made, for a requirement or options with an unknown key or value
 */
export function createGuard<R extends object>(
  { middleware, setAuth, webRequestOf }: Pick<Framework<R>, 'middleware' | 'setAuth' | 'webRequestOf'>,
  ...given: GuardArguments
): (request: R) => WebResponse | null {
  const required = requirementOf(given)
  const { redirect, clerk } = readGuardOptions(given[1])
  const alone = [required] as readonly Requirement[]
  return (request) => {
    const state = stateOf(request, middleware, clerk)
    const denial = authorize(state.auth as RegisteredAuth, required)
    if (denial === null) {
      // The handlers behind this guard are about the users of the clerk that it names.
      if (clerk !== undefined && findState(request) !== state) {
        setState(request, state)
        setAuth(request, state.auth)
      }
      const passing = clerk === undefined ? state : (findState(request, clerk) ?? state)
      passing.passed = passing.passed === undefined ? alone : [...passing.passed, ...alone]
      return null
    }
    const challenge = withMetadata(denial, required, state.clerk, () => webRequestOf(request).url)
    return redirect && denial.status === 401
      ? toSignIn(challenge, state, webRequestOf(request))
      : render(challenge)
  }
}

function render({ status, headers, body }: Denial): WebResponse {
  return { status, headers, body }
}

function toSignIn(
  denial: Denial,
  state: RequestState,
  { method, origin, url, headers }: WebRequest,
): WebResponse {
  const vary = { Vary: 'Sec-Fetch-Dest' }
  const { signInUrl } = signInPages(state.clerk, state)
  // A script that fetches must see its 401; only a browser that says it navigates is sent elsewhere.
  if (headers['sec-fetch-dest'] !== 'document' || signInUrl === null)
    return { ...render(denial), headers: { ...denial.headers, ...vary } }
  // A form that was posted is lost on the way: the browser comes back to a page where the user can start again.
  const returnTo = origin === null ? null : returnTargetOf(method === 'GET' ? url : '/', origin)
  return { status: 303, headers: { Location: withReturn(signInUrl, returnTo), ...vary }, body: null }
}
