import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Auth } from '../../domain/auth/auth.js'
import type { Credentials } from '../../domain/credentials/credentials.js'
import { authorize } from '../../domain/guard/authorize.js'
import type { Denial, Requirement } from '../../domain/guard/requirement.js'
import { validateRequirement } from '../../domain/guard/validate-requirement.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import type { MembershipRecord } from '../../domain/store/organization.js'
import type { UserRecord } from '../../domain/store/user.js'
import type { WatchEnd } from '../authentication/watch-end.js'
import type { AnyAuth, AnyClerk } from './any-clerk.js'
import { credentialsFrom } from './credentials-from.js'

export interface UpgradeOptions<A extends Auth = Auth> {
  /** Default: any signed-in user. */
  requirement?: Requirement<A> | undefined
  /** `Bearer …`, for clients that send the token in the first message or in connection parameters. Default: the header. */
  authorization?: string | null | undefined
  /** The framework's session, where it has been read for this request. */
  session?: SessionSlot | undefined
  /** The user whom the application's own login has signed in. */
  localUser?: unknown
}

export interface Upgrade<U extends UserRecord = UserRecord, M extends MembershipRecord = MembershipRecord> {
  readonly auth: Auth<U, M>
  /** Not `null`: refuse the connection, with {@link refuseUpgrade} for instance. */
  readonly denial: Denial | null
  /** Calls `ended` once when the right to this connection ends. Returns a function that stops watching. */
  watch(ended: (reason: WatchEnd) => void): () => void
  /** Closes the WebSocket (code 4401, the reason as text) when the right to it ends. */
  closes(socket: ClosableSocket): void
}

/** What is needed of a WebSocket of `ws`, and so of `@fastify/websocket` and tRPC. */
export interface ClosableSocket {
  close(code: number, reason: string): void
  once(event: 'close', listener: () => void): unknown
  removeAllListeners(event: 'message'): unknown
}

/** A `Clerk`, as far as a connection needs it. */
interface AuthenticatingClerk<U extends UserRecord, M extends MembershipRecord>
  extends Omit<AnyClerk, 'watch'> {
  authenticate(credentials: Credentials): Promise<Auth<U, M>>
  watch(auth: Auth<U, M>, ended: (reason: WatchEnd) => void): () => void
}

/**
 * Authenticates a plain Node request that asks for a WebSocket. Browsers send cookies with it from every site, so that a
 * cookie counts only with a listed `Origin` (or `Sec-Fetch-Site: same-origin`).
 *
 * @throws {ConfigurationError} for a requirement with an unknown key or value
 */
export async function authenticateUpgrade<U extends UserRecord, M extends MembershipRecord>(
  clerk: AuthenticatingClerk<U, M>,
  req: IncomingMessage,
  { requirement, authorization, session, localUser }: UpgradeOptions<Auth<U, M>> = {},
): Promise<Upgrade<U, M>> {
  const required = requirement ?? {}
  validateRequirement(required as object)
  // Node gives an upgraded socket without an error listener: a client that resets it while we wait would end the process.
  req.socket.on('error', ignore)
  const given = credentialsFrom(req, session, localUser)
  const auth = await clerk.authenticate({
    ...given,
    authorization: authorization ?? given.authorization,
    upgrade: true,
  })
  return {
    auth,
    denial: authorize(auth, required),
    watch: (ended) => clerk.watch(auth, ended),
    closes: (socket) => closeWhenEnded(clerk, auth, socket),
  }
}

/** RFC 6455 §7.4.2 leaves 4000–4999 to applications; 4401 resembles HTTP status 401. */
const CLOSE_CODE = 4401

export function closeWhenEnded(clerk: AnyClerk, auth: AnyAuth, socket: ClosableSocket): void {
  const stop = clerk.watch(auth, (reason) => {
    // A client may delay its close frame; messages that it sends until then are dropped.
    socket.removeAllListeners('message')
    socket.close(CLOSE_CODE, reason)
  })
  socket.once('close', stop)
}

function ignore(): void {
  // Node closes the socket, and the application gets `close`.
}

/** Sends the denial as the HTTP response to a WebSocket request and closes the connection. */
export function refuseUpgrade(socket: Duplex, { status, headers, body }: Denial): void {
  const text = JSON.stringify(body)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`)
}
