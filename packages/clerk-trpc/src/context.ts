import type { Auth, Clerk, ClosableSocket, Credentials } from '@acme/clerk-core'
import {
  type AnyAuth,
  type AnyClerk,
  closeWhenEnded,
  credentialsFrom,
  credentialsFromFetch,
  findState,
} from '@acme/clerk-core/adapter'
import type { MembershipRecord, UserRecord } from '@acme/clerk-core/store'
import { contextOf } from './context-state.js'
import type { ClerkContext, ContextOptions } from './types.js'

/**
 * A `createContext` for every tRPC adapter: `{ auth }`, once per HTTP request (batch or not) or WebSocket connection.
 *
 * Where the middleware of `@acme/clerk-express`, `-koa` or `-fastify` has authenticated the request, its `auth` is used,
 * and with it the framework's session. A WebSocket may send its token as
 * `connectionParams: { authorization: 'Bearer …' }`. It is closed when access ends, and so is a subscription over HTTP.
 */
export function createClerkContext<U extends UserRecord, M extends MembershipRecord>(
  clerk: Clerk<U, M>,
): (options: ContextOptions) => Promise<ClerkContext<Auth<U, M>>> {
  return async (options) => {
    const state = findState(options.req, clerk)
    const auth = state === null ? await clerk.authenticateNow(credentialsOf(options)) : state.auth
    closeWhenAccessEnds(clerk, auth, options)
    return contextOf(options.req, clerk, auth as Auth<U, M>)
  }
}

function credentialsOf({ req, res, info }: ContextOptions): Credentials {
  const { headers, method } = req
  // An unknown method counts as unsafe.
  if (headers instanceof Headers) return credentialsFromFetch({ headers, method: method ?? '' })
  const given = credentialsFrom({ headers, method }, undefined, undefined, () => addressOf(req))
  if (!isSocket(res)) return given
  // Over HTTP, tRPC sends these parameters in the URL, and URLs end up in logs: they are ignored there.
  const params = info?.connectionParams
  const authorization = params?.['authorization'] ?? params?.['Authorization'] ?? given.authorization
  return { ...given, authorization, clientAddress: addressOf(req), upgrade: true }
}

/** As Express and Fastify know it (by their rules for trusted proxies), else the peer of the connection. */
function addressOf({ ip, socket }: ContextOptions['req']): string | undefined {
  return ip ?? socket?.remoteAddress
}

/** Closes a connection that outlives its request when access ends. */
function closeWhenAccessEnds(clerk: AnyClerk, auth: AnyAuth, { res, info }: ContextOptions): void {
  if (isSocket(res)) closeWhenEnded(clerk, auth, res)
  else if (info?.type === 'subscription') {
    const response = nodeResponse(res)
    response?.once(
      'close',
      clerk.watch(auth, () => response.destroy()),
    )
  }
}

function isSocket(res: unknown): res is ClosableSocket {
  return typeof res === 'object' && res !== null && 'readyState' in res && 'close' in res
}

interface NodeResponse {
  once(event: 'close', listener: () => void): unknown
  destroy(): unknown
}

/** Node's own response, also where Fastify has wrapped it. */
function nodeResponse(res: unknown): NodeResponse | null {
  const inner = typeof res === 'object' && res !== null && 'raw' in res ? res.raw : res
  return typeof inner === 'object' && inner !== null && 'destroy' in inner ? (inner as NodeResponse) : null
}
