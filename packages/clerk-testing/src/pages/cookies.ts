import type { Instance, StoredClient } from '../resources/instance.js'
import { sessionToken } from '../resources/tokens.js'
import type { Call } from '../server/route.js'

const week = 7 * 86_400

/**
 * The cookies that Clerk's SDKs look for, plain and suffixed. Ports share the cookies of a host name, so they reach the
 * application when this page was opened under the application's own host name.
 */
export async function clientCookies(
  instance: Instance,
  client: StoredClient,
  azp: string,
): Promise<string[]> {
  const token =
    client.session_id === null
      ? null
      : await sessionToken(instance, client.session_id, { azp }).catch(() => null)
  const signedIn = token !== null
  return [
    ...browserCookies(instance, client),
    ...pair(instance, '__client_uat', String(signedIn ? client.uat : 0), week),
    ...pair(instance, '__session', token ?? '', signedIn ? week : 0),
  ]
}

/** Makes the browser known: all that a page needs before somebody signs in. */
export const browserCookies = (instance: Instance, client: StoredClient): string[] =>
  pair(instance, '__clerk_db_jwt', client.browser, week)

// Readable by scripts, as Clerk's own are: clerk-js writes them.
const pair = ({ issuer }: Instance, name: string, value: string, maxAge: number) =>
  [name, `${name}_${issuer.cookieSuffix}`].map(
    (one) => `${one}=${value}; Path=/; SameSite=Lax; Max-Age=${maxAge}`,
  )

/** The browser that asks, when it is known. What the request names itself counts more than a cookie that is left. */
export function findClient({ state, issuer }: Instance, call: Call): StoredClient | undefined {
  const cookies = new Map(
    (call.headers.cookie ?? '').split(/; */).map((one): [string, string] => {
      const [name = '', value = ''] = one.split('=', 2)
      return [name, value]
    }),
  )
  const known = [
    call.query.get('__clerk_db_jwt'),
    cookies.get(`__clerk_db_jwt_${issuer.cookieSuffix}`),
    cookies.get('__clerk_db_jwt'),
  ]
  const clients = [...state.clients.values()]
  for (const one of known) {
    const client = clients.find(({ browser }) => browser === one)
    if (client) return client
  }
  return undefined
}
