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
import type { ClerkContext, ContextOptions } from './types.js'

/**
 * A `createContext` for every tRPC adapter: `{ auth }`, once per HTTP request (batch or not) or WebSocket connection.
 *
 * Where the framework's own adapter of this project has looked at the request, its answer counts, and with it the
 * framework's session. A WebSocket may bring its token as `connectionParams: { authorization: 'Bearer …' }`; it is
 * closed when its right ends, and so is a subscription over HTTP.
 */
export function createClerkContext<U extends UserRecord, M extends MembershipRecord>(
  clerk: Clerk<U, M>,
): (options: ContextOptions) => Promise<ClerkContext<Auth<U, M>>> {
  return async (options) => {
    const state = findState(options.req)
    const auth = state?.clerk === clerk ? state.auth : await clerk.authenticateNow(credentialsOf(options))
    follow(clerk, auth, options)
    return { auth: auth as Auth<U, M> }
  }
}

function credentialsOf({ req, res, info }: ContextOptions): Credentials {
  const { headers, method } = req
  // A method that is not known counts as unsafe.
  if (headers instanceof Headers) return credentialsFromFetch({ headers, method: method ?? '' })
  const given = credentialsFrom({ headers, method })
  if (!isSocket(res)) return given
  // Over HTTP tRPC carries these parameters in the URL, which ends up in logs: there they are not looked at.
  const params = info?.connectionParams
  const authorization = params?.['authorization'] ?? params?.['Authorization'] ?? given.authorization
  return { ...given, authorization, upgrade: true }
}

/** What lives longer than a request ends when the right to it does. */
function follow(clerk: AnyClerk, auth: AnyAuth, { res, info }: ContextOptions): void {
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
