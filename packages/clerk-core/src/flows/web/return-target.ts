import type { OriginList } from '../../ground/options/origins.js'

/** Forbidden in every part of a return target: each of these has misled a parser or a browser. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression is there to find control characters.
const FORBIDDEN = /[\u0000-\u0020\u007f-\uffff\\]|%2f|%5c/i

/** Browsers read two slashes as the start of a host, and normalising a path may bring them to its front. */
const EMPTY_SEGMENT = /^[^?#]*\/\//

const MAX_LENGTH = 2048

/**
 * Where to send the browser after signing in or out: a path of this origin, or an absolute URL of this or a listed one.
 * `null`: refused (open redirect, header injection).
 *
 * @param origin this server's own; `null` when unknown: only paths are accepted then
 */
export function safeReturnTarget(
  target: string,
  origin: string | null,
  listed: Pick<OriginList, 'has'>,
): string | null {
  if (target.length > MAX_LENGTH || FORBIDDEN.test(target)) return null
  const isPath = target.startsWith('/')
  const rest = isPath ? target : target.replace(/^https?:\/\/(?=[^/?#])/, '/')
  if (!rest.startsWith('/') || EMPTY_SEGMENT.test(rest)) return null

  const base = origin ?? 'http://unknown.invalid'
  if (!URL.canParse(target, base)) return null
  const url = new URL(target, base)
  if (url.username !== '' || url.password !== '') return null
  if (isPath)
    return url.origin === base && !url.pathname.startsWith('//') ? url.href.slice(base.length) : null
  return url.origin === origin || listed.has(url.origin) ? url.href : null
}

const NONE = new Set<string>()

/** A page of this origin as a return target that is not refused when it comes back; `/` for what would be. */
export function returnTargetOf(url: string, origin: string): string {
  const query = url.indexOf('?')
  // In a query a slash means the same, encoded or not (RFC 3986 §3.4); in a path it does not.
  const plain = query < 0 ? url : `${url.slice(0, query)}${url.slice(query).replace(/%2f/gi, '/')}`
  return `${origin}${(plain.startsWith('/') ? safeReturnTarget(plain, origin, NONE) : null) ?? '/'}`
}
