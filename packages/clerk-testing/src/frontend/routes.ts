import { browserCookies, findClient } from '../pages/cookies.js'
import type { Instance, StoredClient } from '../resources/instance.js'
import { createClient, sessionsOf } from '../resources/sessions.js'
import { readQuery } from '../server/check.js'
import { BackendError, signedOut } from '../server/errors.js'
import type { Reply } from '../server/http.js'
import { corsOf, pageOrigin, preflight } from '../server/origin.js'
import type { Call, Route } from '../server/route.js'
import { clientJson } from './json.js'
import type { PageCall, PageOperation, SignedInCall, Texts } from './operation.js'

/** The routes of the table, with what each of them needs: the client, the session, headers for the page's origin. */
export function pageRoutes(
  operations: readonly PageOperation[],
  instance: Instance,
  allowedOrigins: readonly string[],
): Route[] {
  const cors = corsOf(allowedOrigins)
  const routes = operations.map((operation): Route => {
    const schema = {
      type: 'object',
      properties: operation.parameters ?? {},
      required: operation.required ?? [],
    }
    const names = Object.keys(schema.properties)
    const handle = async (call: Call): Promise<Reply> => {
      const known = new URLSearchParams(
        [...call.query, ...call.form].filter(([name]) => names.includes(name.replace(/\[\]$/, ''))),
      )
      const given = readQuery({ query: schema }, known)
      const found = findClient(instance, call)
      let made: StoredClient | undefined
      const asked: PageCall = {
        instance,
        get client() {
          made ??= found ?? newClient(instance, call)
          return made
        },
        origin: pageOrigin(call, allowedOrigins),
        path: Object.fromEntries(
          [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, call.param(name)]),
        ),
        given,
        texts: given as Texts,
        file: call.file,
      }
      const answer = await operation.handle(operation.signedIn ? signedIn(asked, call) : asked)
      const client = operation.bare || operation.method === 'GET' ? null : await clientJson(asked)
      return {
        headers: found || !made ? {} : { 'set-cookie': browserCookies(instance, made) },
        json: operation.bare ? answer : { response: answer ?? null, client },
      }
    }
    return {
      method: operation.method,
      path: pathOf(operation),
      access: 'public',
      limit: operation.limit ?? 'none',
      cors,
      handle,
    }
  })
  const asks = [...new Set(operations.map(pathOf))].map((path): Route => {
    return { method: 'OPTIONS', path, access: 'public', limit: 'none', cors, handle: preflight }
  })
  return [...routes, ...asks]
}

const pathOf = ({ path }: PageOperation) => `/v1${path.replaceAll(/\{(\w+)\}/g, ':$1')}`

/** @throws {BackendError} 400 where the browser would not send the cookie that makes the client known */
function newClient(instance: Instance, { headers }: Call): StoredClient {
  const page = headers.origin === undefined ? undefined : new URL(headers.origin).hostname
  const here = new URL(`http://${headers.host}`).hostname
  if (page === undefined || page === here || headers['sec-fetch-site'] === 'same-site')
    return createClient(instance)
  throw new BackendError(400, 'page_host_mismatch', 'Page and Clerk have different hosts', {
    longMessage: `The page is at ${page} and calls Clerk at ${here}: a browser keeps their cookies apart. Give Clerk's script a proxyUrl on ${page}.`,
  })
}

/** @throws {BackendError} 401 */
function signedIn(call: PageCall, { query }: Call): SignedInCall {
  const { instance, client } = call
  const wanted = query.get('_clerk_session_id') ?? client.session_id
  const session = sessionsOf(instance, client).find(({ id }) => id === wanted)
  const user = instance.state.users.get(session?.user_id ?? '')
  if (!session || !user || user.banned) throw signedOut()
  return { ...call, session, user }
}
