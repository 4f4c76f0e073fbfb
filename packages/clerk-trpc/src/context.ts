import type { Auth, Clerk, Credentials } from '@acme/clerk-core'
import type { ClosableSocket, ClosableStream } from '@acme/clerk-core/adapter'
import {
  type AnyAuth,
  type AnyClerk,
  closeRefused,
  credentialsFrom,
  credentialsFromFetch,
  findState,
  settingsOf,
} from '@acme/clerk-core/adapter'
import {
  type MembershipRecord,
  type OptionRules,
  type OrganizationRecord,
  readOptions,
  rule,
  type UserRecord,
} from '@acme/clerk-core/store'
import { contextOf } from './context-state.js'
import type { ClerkContext, ClerkContextOptions, ContextOptions } from './types.js'

const OPTIONS: OptionRules<ClerkContextOptions> = { context: rule.flag }

/**
 * A `createContext` for every tRPC adapter: `{ auth }`, once per HTTP request (batch or not) or WebSocket connection.
 *
 * Where the middleware of `@acme/clerk-express`, `-koa` or `-fastify` has authenticated the request, its `auth` is used,
 * and with it the framework's session. A WebSocket may send its token as
 * `connectionParams: { authorization: 'Bearer …' }`; one whose token is refused is closed (4401), so that the client comes
 * back with another. A connection is closed when its user or session ends; each call over it is guarded by what is true
 * then, and what goes on answering (subscriptions, generators) ends when its procedure's requirement does.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function createClerkContext<
  U extends UserRecord,
  M extends MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
>(
  clerk: Clerk<U, M, O>,
  options?: ClerkContextOptions,
): (options: ContextOptions) => Promise<ClerkContext<Auth<U, M, O>>> {
  const { context: isScoped = false } = readOptions('createClerkContext', options, OPTIONS)
  settingsOf(clerk) // throws where it is none
  return async (call) => {
    const auth = await authenticate(clerk, call)
    const connected = isSocket(call.res)
      ? overSocket(clerk, auth, call.res, call)
      : goesOn(call)
        ? overResponse(clerk, auth, call)
        : auth
    return contextOf(call.req, clerk, connected as Auth<U, M, O>, isScoped)
  }
}

async function authenticate(clerk: AnyClerk, options: ContextOptions): Promise<AnyAuth> {
  const state = findState(options.req, clerk)
  const inParameters = authorizationInParameters(options)
  if (state !== null && inParameters === undefined) return state.auth
  const given = credentialsOf(options)
  return clerk.authenticateNow({
    ...given,
    authorization: inParameters ?? given.authorization,
    session: state?.session,
  })
}

function credentialsOf({ req, res }: ContextOptions): Credentials {
  const { headers, method } = req
  // An unknown method counts as unsafe.
  if (headers instanceof Headers) return credentialsFromFetch({ headers, method: method ?? '' })
  const given = credentialsFrom({ headers, method }, undefined, undefined, () => addressOf(req))
  return isSocket(res) ? { ...given, clientAddress: addressOf(req), upgrade: true } : given
}

/** As Express and Fastify know it (by their rules for trusted proxies), else the peer of the connection. */
function addressOf({ ip, socket }: ContextOptions['req']): string | undefined {
  return ip ?? socket?.remoteAddress
}

/** Over HTTP, tRPC sends these parameters in the URL, and URLs end up in logs: they are ignored there. */
function authorizationInParameters({ res, info }: ContextOptions): string | undefined {
  if (!isSocket(res)) return undefined
  const parameters = info?.connectionParams
  return parameters?.['authorization'] ?? parameters?.['Authorization']
}

function overSocket(
  clerk: AnyClerk,
  auth: AnyAuth,
  socket: ClosableSocket,
  options: ContextOptions,
): AnyAuth {
  // A connection that stays anonymous, or unavailable, would stay so for good.
  if (auth.kind === 'unavailable' || isRefusedBearer(auth, options)) {
    closeRefused(socket, auth)
    return auth
  }
  const connection = clerk.watch(auth)
  connection.closes(socket)
  return connection.auth
}

/** A token was sent for this connection and refused; a cookie comes along with every connection of a browser. */
function isRefusedBearer(auth: AnyAuth, options: ContextOptions): boolean {
  if (auth.kind !== 'anonymous' || auth.reason === 'no-credentials') return false
  return (authorizationInParameters(options) ?? credentialsOf(options).authorization) !== undefined
}

/** Whether the response may go on for long: a subscription, or a batch whose results are streamed. */
function goesOn({ info }: ContextOptions): boolean {
  return info?.type === 'subscription' || info?.accept === 'application/jsonl'
}

function overResponse(clerk: AnyClerk, auth: AnyAuth, { res, info }: ContextOptions): AnyAuth {
  const connection = clerk.watch(auth)
  const response = nodeResponse(res)
  if (response !== null) connection.closes(response)
  // There is no response that could be closed; what the procedures return ends all the same.
  else info?.signal?.addEventListener('abort', connection.stop, { once: true })
  return connection.auth
}

function isSocket(res: unknown): res is ClosableSocket {
  return typeof res === 'object' && res !== null && 'readyState' in res && 'close' in res
}

/** Node's own response, also where Fastify has wrapped it. */
function nodeResponse(res: unknown): ClosableStream | null {
  const inner = typeof res === 'object' && res !== null && 'raw' in res ? res.raw : res
  return typeof inner === 'object' && inner !== null && 'destroy' in inner ? (inner as ClosableStream) : null
}
