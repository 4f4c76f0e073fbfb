import {
  addressBehindProxy,
  credentialsFromFetch,
  type FetchSession,
  type Framework,
  loadedSession,
  webRequestFromFetch,
  writableSession,
} from '@acme/clerk-core/adapter'
import type { ClerkFetchOptions } from './types.js'

/** A request and what is known of its response. */
interface Exchange<S> {
  /** Loads the session once. */
  readonly session: () => Promise<S>
  /** Its headers are what the session adds to the response. */
  readonly response: Response
  /** A response will be made of it. */
  isAnswered: boolean
}

export interface FetchFramework<S> extends Framework<Request> {
  readonly sessionOf: (request: Request) => () => Promise<S>
  /** Answers with a response that has the cookies of the session. */
  answer(request: Request, respond: () => Promise<Response>): Promise<Response>
}

export function createFramework<S extends FetchSession>({
  trustProxy,
  clientAddress,
  session: load,
}: ClerkFetchOptions<S>): FetchFramework<S> {
  const exchanges = new WeakMap<Request, Exchange<S>>()

  return {
    middleware: 'authenticate',
    rawBodyRemedy: 'Give the request to handler before its body is read, or give it request.clone().',
    // Handlers get it as an argument.
    setAuth: () => undefined,
    credentialsOf: (request, localUser) =>
      credentialsFromFetch(request, slotOf(request, localUser), localUser, addressOf),
    webRequestOf: (request) => webRequestFromFetch(request, trustProxy),
    bodySourceOf: ({ body: stream, bodyUsed, headers }) => ({
      stream,
      bodyUsed,
      headers: Object.fromEntries(headers),
    }),
    sessionOf: (request) => exchangeOf(request).session,
    async answer(request, respond) {
      const exchange = exchangeOf(request)
      // A handler may give its request to another one of ours: the outermost sends the cookies.
      if (exchange.isAnswered) return respond()
      exchange.isAnswered = true
      return withHeaders(await respond(), exchange.response.headers)
    },
  }

  function addressOf(request: Request): string | undefined {
    return addressBehindProxy(request.headers.get('x-forwarded-for'), trustProxy, clientAddress?.(request))
  }

  function slotOf(request: Request, localUser: unknown) {
    if (load === undefined) return undefined
    const exchange = exchangeOf(request)
    const slot = loadedSession(exchange.session, localUser !== undefined)
    return writableSession(slot, () => exchange.isAnswered)
  }

  function exchangeOf(request: Request): Exchange<S> {
    const present = exchanges.get(request)
    if (present !== undefined) return present
    const response = new Response()
    let loading: Promise<S> | undefined
    const session = () => {
      loading ??= (async () => {
        if (load === undefined) throw new TypeError('clerkFetch was given no option `session`.')
        return load(request, response)
      })()
      return loading
    }
    const exchange = { session, response, isAnswered: false }
    exchanges.set(request, exchange)
    return exchange
  }
}

function withHeaders(response: Response, headers: Headers): Response {
  const added = [...headers]
  if (added.length === 0) return response
  // Those of a redirect, or of a response that was fetched, cannot be changed.
  const answer = hasFixedHeaders(response) ? new Response(response.body, response) : response
  for (const [name, value] of added) answer.headers.append(name, value)
  return answer
}

function hasFixedHeaders({ headers }: Response): boolean {
  try {
    headers.delete('x-acme-clerk-none')
    return false
  } catch {
    return true
  }
}
