import type { Credentials } from './credentials.js'

/** RFC 9110 §9.2.1. A method that is not known counts as unsafe. */
const SAFE_METHODS = new Set<string | undefined>(['GET', 'HEAD', 'OPTIONS'])

/**
 * The Origin rule: cookies ride along on requests that other sites cause, so an unsafe request that carries any must
 * come from a listed origin or from this one (`Sec-Fetch-Site`, which pages cannot set). A WebSocket upgrade is always
 * unsafe: browsers let any page open one, with cookies, and nothing stops it from reading the messages.
 *
 * @param authorizedParties `null` for `'any'`, which lists no origin
 * @returns true when the request must be refused
 */
export function violatesOriginRule(
  { cookie, method, upgrade, origin, fetchSite }: Credentials,
  authorizedParties: ReadonlySet<string> | null,
): boolean {
  if (cookie === undefined) return false
  if (upgrade !== true && SAFE_METHODS.has(method)) return false
  if (fetchSite === 'same-origin') return false
  return origin === undefined || authorizedParties === null || !authorizedParties.has(origin)
}

/**
 * Whether a cookie token may lack `azp`: Clerk leaves it out on some document navigations, and a request of the page's
 * own origin proves what `azp` would.
 */
export function isSameOriginNavigation({ fetchSite, fetchDest }: Credentials): boolean {
  return fetchSite === 'same-origin' || fetchDest === 'document'
}
