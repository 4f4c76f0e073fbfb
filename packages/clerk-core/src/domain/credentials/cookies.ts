import { type CookieInstance, type CookieSet, usesSuffixedCookies } from './cookie-sets.js'

/** What Clerk's front end leaves in the browser, of one set of cookies. */
export interface SessionCookies {
  /** Session token. */
  readonly token: string | null
  /** Unix seconds of the last sign-in or sign-out in this browser, 0 when signed out; `null` when absent or unreadable. */
  readonly clientUat: number | null
}

const SESSION = '__session'
const CLIENT_UAT = '__client_uat'
const NONE: SessionCookies = Object.freeze({ token: null, clientUat: null })
const ABSENT: CookieSet = Object.freeze({ session: undefined, clientUat: undefined })

/**
 * Reads Clerk's cookies. Both come from the same set: a browser may hold those of several instances (one host, several
 * ports), and the sign-out of one says nothing about the session of another.
 *
 * @param instance `null` without a publishable key: there is no suffixed set then
 */
export function readSessionCookies(
  header: string | undefined,
  instance: CookieInstance | null,
  nowSeconds: () => number,
): SessionCookies {
  // Every name in question has this in it: the requests of most other sites end here.
  if (header === undefined || !header.includes('__')) return NONE
  const plain = readSet(header, SESSION, CLIENT_UAT)
  if (instance === null) return cookiesOf(plain)
  const { suffix } = instance
  const suffixed = header.includes(suffix)
    ? readSet(header, `${SESSION}_${suffix}`, `${CLIENT_UAT}_${suffix}`)
    : ABSENT
  return cookiesOf(usesSuffixedCookies(suffixed, plain, instance, nowSeconds()) ? suffixed : plain)
}

function cookiesOf({ session, clientUat }: CookieSet): SessionCookies {
  return {
    token: session || null,
    clientUat: clientUat !== undefined && /^\d{1,12}$/.test(clientUat) ? Number(clientUat) : null,
  }
}

/** Of a name sent twice the first counts, as in every common cookie parser; a second parser must not see another. */
function readSet(header: string, sessionName: string, uatName: string): CookieSet {
  let session: string | undefined
  let uat: string | undefined
  for (let start = 0; start < header.length; ) {
    let end = header.indexOf(';', start)
    if (end < 0) end = header.length
    const equals = header.indexOf('=', start)
    if (equals >= 0 && equals < end) {
      const name = header.slice(start, equals).trim()
      if (name === sessionName) session ??= readValue(header, equals + 1, end)
      else if (name === uatName) uat ??= readValue(header, equals + 1, end)
    }
    start = end + 1
  }
  return { session, clientUat: uat }
}

/** RFC 6265 §4.1.1: a value may stand in quotes. */
function readValue(header: string, start: number, end: number): string {
  const value = header.slice(start, end).trim()
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}
