import { refusal, type WebResponse } from './messages.js'

/** Methods that the Fetch standard forbids ("forbidden method"): TRACE would echo credentials to the page. */
const FORBIDDEN = new Set(['CONNECT', 'TRACE', 'TRACK'])

/**
 * The refusal of a request that is none: a forbidden method, or a target that is no URL (`//`). `@clerk/express` answers 400
 * too, because neither fits into a fetch `Request`. `null` for every other.
 */
export function refuseMalformed(method: string, target: string): WebResponse | null {
  const wellFormed = /^\/(?![/\\])/.test(target) || isUrl(target)
  return wellFormed && !FORBIDDEN.has(method) ? null : refusal(400, 'request-malformed', 'Bad request')
}

/** A fetch `Request` refuses credentials in a URL (`//user@host`). */
function isUrl(target: string): boolean {
  const base = 'http://target.invalid'
  if (!URL.canParse(target, base)) return false
  const { username, password } = new URL(target, base)
  return username === '' && password === ''
}
