import type { OriginList } from '../../ground/options/origins.js'
import type { PresentCredentials } from './credentials.js'

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
  { cookie, method, upgrade, origin, fetchSite }: PresentCredentials,
  authorizedParties: Pick<OriginList, 'has'> | null,
): boolean {
  if (cookie === undefined) return false
  if (upgrade !== true && SAFE_METHODS.has(method)) return false
  if (fetchSite === 'same-origin') return false
  return origin === undefined || authorizedParties === null || !authorizedParties.has(origin)
}

/**
 * What a request says in place of the `azp` that its cookie token lacks. The origin that was listed is named: another
 * backend may list others.
 */
export type RequestExcuse = 'navigation' | 'same-origin' | `listed-origin:${string}`

/**
 * Why a cookie token may lack `azp`, `null` where it may not: Clerk leaves it out on some document navigations, and a
 * request of this server's own page, or of a page that is listed by name, proves what `azp` would. A pattern does not:
 * which of the pages it lists the token was made for is not known, and `'any'` lists none.
 */
export function excuseForMissingAzp(
  { fetchSite, fetchDest, origin }: PresentCredentials,
  authorizedParties: Pick<OriginList, 'exact'> | null,
): RequestExcuse | null {
  if (fetchSite === 'same-origin') return 'same-origin'
  if (fetchDest === 'document') return 'navigation'
  return origin !== undefined && authorizedParties?.exact.has(origin) === true
    ? `listed-origin:${origin}`
    : null
}
