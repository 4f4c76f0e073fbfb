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

/**
 * Reads Clerk's cookies. Both come from the same set: a browser may hold those of several instances (one host, several
 * ports), and the sign-out of one says nothing about the session of another. The suffixed set is this instance's own, so
 * it wins as soon as one of its cookies is there.
 *
 * @param suffix of the publishable key; `null` without one
 */
export function readSessionCookies(header: string | undefined, suffix: string | null): SessionCookies {
  // Every name in question has this in it: the requests of most other sites end here.
  if (header === undefined || !header.includes('__')) return NONE
  const own = suffix === null ? NONE : readSet(header, `${SESSION}_${suffix}`, `${CLIENT_UAT}_${suffix}`)
  return own === NONE ? readSet(header, SESSION, CLIENT_UAT) : own
}

/** Of a name sent twice the first counts, as in every common cookie parser; a second parser must not see another. */
function readSet(header: string, sessionName: string, uatName: string): SessionCookies {
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
  if (session === undefined && uat === undefined) return NONE
  return {
    token: session || null,
    clientUat: uat !== undefined && /^\d{1,12}$/.test(uat) ? Number(uat) : null,
  }
}

/** RFC 6265 §4.1.1: a value may stand in quotes. */
function readValue(header: string, start: number, end: number): string {
  const value = header.slice(start, end).trim()
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}
