import type { RegisteredAuth } from '../../domain/auth/auth.js'
import { authorize } from '../../domain/guard/authorize.js'
import type { Denial, Requirement } from '../../domain/guard/requirement.js'
import { validateRequirement } from '../../domain/guard/validate-requirement.js'
import type { Framework } from './framework.js'
import type { WebRequest, WebResponse } from './messages.js'
import { type RequestState, stateOf } from './request-state.js'
import { returnTargetOf } from './return-target.js'
import { signInPages, withReturn } from './sign-in-url.js'

export interface GuardOptions {
  /** Send a person who navigates to a page (`Sec-Fetch-Dest: document`) to `signInUrl` instead of answering 401. */
  redirect?: boolean | undefined
}

/**
 * What a guard does in every framework. The function it returns gives the response to a request that is denied, `null`
 * for one that may pass, and throws {@link MiddlewareMissingError} for one that no middleware has authenticated.
 *
 * @throws {ConfigurationError} when it is made, for a requirement with an unknown key or value
 */
export function createGuard<R extends object>(
  { middleware, webRequestOf }: Pick<Framework<R>, 'middleware' | 'webRequestOf'>,
  requirement: Requirement<RegisteredAuth>,
  { redirect = false }: GuardOptions,
): (request: R) => WebResponse | null {
  const required = validateRequirement(requirement)
  return (request) => {
    const state = stateOf(request, middleware)
    const denial = authorize(state.auth as RegisteredAuth, required)
    if (denial === null) return null
    return redirect && denial.status === 401 ? toSignIn(denial, state, webRequestOf(request)) : render(denial)
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
