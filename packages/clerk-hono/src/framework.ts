import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { RegisteredAuth } from '@acme/clerk-core'
import {
  addressBehindProxy,
  credentialsFrom,
  credentialsFromFetch,
  type Framework,
  loadedSession,
  PEER_OPTIONS,
  toFetchResponse,
  type WebResponse,
  webRequestFromFetch,
} from '@acme/clerk-core/adapter'
import { type OptionRules, rule } from '@acme/clerk-core/store'
import type { Context } from 'hono'
import type { StatusCode } from 'hono/utils/http-status'
import type { RequestOptions } from './types.js'

export const REQUEST_OPTIONS: OptionRules<RequestOptions> = { ...PEER_OPTIONS, session: rule.code }

const SETTINGS = Symbol('acme.clerk.hono')
type Configured = Context & { [SETTINGS]?: RequestOptions }

/** For all of ours that comes behind: the middleware says it once for guards and routes. */
export function configure(c: Configured, options: RequestOptions): void {
  const present = c[SETTINGS]
  c[SETTINGS] =
    present === undefined
      ? options
      : {
          trustProxy: options.trustProxy ?? present.trustProxy,
          clientAddress: options.clientAddress ?? present.clientAddress,
          session: options.session ?? present.session,
        }
}

/** What the servers of Hono put into `c.env`: @hono/node-server, Bun and Deno. */
interface Env {
  readonly incoming?: IncomingMessage
  readonly outgoing?: ServerResponse
  readonly server?: BunServer
  readonly remoteAddr?: { readonly hostname?: string }
}
interface BunServer {
  requestIP?(request: Request): { readonly address: string } | null
}

export const envOf = (c: Context): Env => (c.env as Env | undefined) ?? {}

/** Node's own request, whose headers need no conversion; `null` where a middleware has put another `Request` in its place. */
function nativeOf(c: Context): IncomingMessage | null {
  const { incoming } = envOf(c)
  // @hono/node-server makes a Request only when it is asked for: until then `raw` is an object of its own.
  return incoming !== undefined && Object.getPrototypeOf(c.req.raw) !== Request.prototype ? incoming : null
}

export function peerOf(c: Context): string | undefined {
  const env = envOf(c)
  const server = env.server ?? (env as BunServer)
  return (
    env.incoming?.socket.remoteAddress ?? server.requestIP?.(c.req.raw)?.address ?? env.remoteAddr?.hostname
  )
}

export function addressOf(c: Configured, peer = () => peerOf(c)): string | undefined {
  const { trustProxy, clientAddress = peer } = c[SETTINGS] ?? {}
  return addressBehindProxy(c.req.header('x-forwarded-for'), trustProxy, clientAddress(c))
}

export const hono: Framework<Context> = {
  middleware: 'clerkMiddleware',
  rawBodyRemedy: 'Read it by c.req.text() or c.req.arrayBuffer(), which keep it, or mount the route before.',

  setAuth: (c, auth) => c.set('auth', auth as RegisteredAuth),

  credentialsOf(c: Configured, localUser) {
    const load = c[SETTINGS]?.session
    const session = load === undefined ? undefined : loadedSession(() => load(c), localUser !== undefined)
    const native = nativeOf(c)
    return native === null
      ? credentialsFromFetch(c.req.raw, session, localUser, () => addressOf(c))
      : credentialsFrom(native, session, localUser, () => addressOf(c))
  },

  webRequestOf: (c: Configured) => webRequestFromFetch(c.req.raw, c[SETTINGS]?.trustProxy),

  async bodySourceOf(c) {
    const { raw, bodyCache } = c.req
    const headers: IncomingHttpHeaders = Object.fromEntries(raw.headers)
    const kept: unknown = await (bodyCache.arrayBuffer ?? bodyCache.text)
    const rawBody = kept instanceof ArrayBuffer ? new Uint8Array(kept) : kept
    const native = nativeOf(c)
    if (native !== null) return { stream: native, headers, rawBody }
    return { stream: raw.body, bodyUsed: raw.bodyUsed, headers, rawBody }
  },

  answerDenied(_c, denied) {
    // What Hono answers with, where the application's own `onError` leaves it alone.
    Object.assign(denied, { getResponse: () => toFetchResponse(denied.denial) })
  },

  exchangeOf(c) {
    const { incoming: req, outgoing: res } = envOf(c)
    return req === undefined || res === undefined ? null : { req, res }
  },
}

/** By the context, so that headers which others have prepared go with it. `null`: the client is gone. */
export function send(c: Context, response: WebResponse | null): Response {
  if (response === null) return c.body(null, 400)
  const { status, headers, body } = response
  if (body === null) return c.newResponse(null, status as StatusCode, headers)
  const type = { 'Content-Type': 'application/json; charset=utf-8' }
  return c.newResponse(JSON.stringify(body), status as StatusCode, { ...headers, ...type })
}
