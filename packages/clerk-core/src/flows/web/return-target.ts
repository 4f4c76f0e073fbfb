/** What must not appear in a return target, in whatever part: each has fooled a parser or a browser somewhere. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const FORBIDDEN = /[\u0000-\u0020\u007f-\uffff\\]|%2f|%5c/i

/** Browsers take two slashes, wherever normalising may bring them to the front, for the start of a host. */
const EMPTY_SEGMENT = /^[^?#]*\/\//

const MAX_LENGTH = 2048

/**
 * Where to send somebody after signing in or out: a path of this origin, or an absolute URL of this or a listed one.
 * `null`: refused (open redirect, header injection).
 *
 * @param origin this server's own; `null` when unknown: only paths are accepted then
 */
export function safeReturnTarget(
  target: string,
  origin: string | null,
  listed: ReadonlySet<string>,
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
