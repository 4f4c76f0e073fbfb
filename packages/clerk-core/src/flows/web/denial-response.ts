import type { Denial } from '../../domain/guard/requirement.js'
import type { WebRequest, WebResponse } from './messages.js'
import type { RequestState } from './request-state.js'
import { signInPages, withReturn } from './sign-in-url.js'

export interface GuardOptions {
  /** Send a person who navigates to a page (`Sec-Fetch-Dest: document`) to `signInUrl` instead of answering 401. */
  redirect?: boolean | undefined
}

/** How a denial is answered: as it stands, or by a redirect to the sign-in page. */
export function denialResponse(
  denial: Denial,
  { redirect = false }: GuardOptions,
  state: RequestState,
  request: () => WebRequest,
): WebResponse {
  const { status, headers, body } = denial
  const answer = { status, headers, body }
  if (!redirect || status !== 401) return answer
  const { headers: sent, method, origin, url } = request()
  const vary = { Vary: 'Sec-Fetch-Dest' }
  const { signInUrl } = signInPages(state.clerk, state)
  // A script that fetches must see its 401; only a browser that says it navigates is sent elsewhere.
  if (sent['sec-fetch-dest'] !== 'document' || signInUrl === null)
    return { ...answer, headers: { ...headers, ...vary } }
  // What was posted is lost on the way: the browser comes back to where it can start again.
  const returnTo =
    origin === null ? null : `${origin}${method === 'GET' && /^\/(?!\/)/.test(url) ? url : '/'}`
  return { status: 303, headers: { Location: withReturn(signInUrl, returnTo), ...vary }, body: null }
}
