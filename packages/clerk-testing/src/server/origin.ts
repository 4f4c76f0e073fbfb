import { BackendError } from './errors.js'
import type { Reply } from './http.js'
import type { Call } from './route.js'

/** `localhost`, `*.localhost` (RFC 6761 §6.3), `127.0.0.0/8` and `[::1]`, with or without a port. */
export function isLoopbackHost(host: string | undefined): boolean {
  const url = `http://${host ?? ''}`
  if (host === undefined || host === '' || !URL.canParse(url)) return false
  const { hostname, pathname, username } = new URL(url)
  if (pathname !== '/' || username !== '') return false
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  )
}

/** An absolute http(s) URL on a loopback host, or on a listed origin; else `undefined`. */
export function allowedUrl(
  value: string | null | undefined,
  allowedOrigins: readonly string[],
): URL | undefined {
  if (!value || !URL.canParse(value)) return undefined
  const url = new URL(value)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  if (url.username !== '' || url.password !== '') return undefined
  return isLoopbackHost(url.host) || allowedOrigins.includes(url.origin) ? url : undefined
}

export const originInvalid = () =>
  new BackendError(403, 'origin_invalid', 'Invalid HTTP Origin header', {
    longMessage: 'Tokens are handed to pages on loopback hosts, or on an origin listed in allowedOrigins.',
  })

type Headers = Readonly<Record<string, string | undefined>>

/**
 * What lets a page of the developer's read an answer with its cookies; `null` for every other page. A browser leaves
 * `Origin` out only where page and server are of one origin, or where the page cannot read the answer.
 */
export const corsOf =
  (allowedOrigins: readonly string[]) =>
  ({ origin, 'sec-fetch-site': site }: Headers): Record<string, string> | null => {
    if (origin === undefined)
      return site === undefined || site === 'same-origin' || site === 'none' ? {} : null
    if (allowedUrl(origin, allowedOrigins)?.origin !== origin) return null
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'origin',
    }
  }

/** What a browser asks before a request that no form could send. */
export const preflight = (): Reply => ({
  status: 204,
  headers: {
    'access-control-allow-methods': 'GET, POST, PATCH, PUT, DELETE',
    'access-control-allow-headers': 'content-type',
  },
  text: '',
})

/**
 * Origin of the page that asks: the `azp` of its tokens. A page that reaches this server below its own origin, through a
 * development server's proxy, sends no `Origin` with a GET.
 */
export function pageOrigin({ headers }: Call, allowedOrigins: readonly string[]): string {
  const { origin, referer, host } = headers
  return (
    (allowedUrl(origin, allowedOrigins) ?? allowedUrl(referer, allowedOrigins))?.origin ?? `http://${host}`
  )
}
