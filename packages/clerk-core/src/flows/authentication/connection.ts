import type { Auth } from '../../domain/auth/auth.js'
import type { Denial, Requirement } from '../../domain/guard/requirement.js'
import type { CodesIn } from '../../ground/codes.js'
import type { AnonymousReason } from '../../ground/errors.js'

/** Why the right to a connection has ended. */
export type ConnectionEndReason = CodesIn<'connection'> | AnonymousReason

/** The end of the right to a connection, or to a part of it. */
export interface ConnectionEnd {
  /**
   * Close code of a WebSocket (RFC 6455 §7.4). 4401: the right has ended; the client may come back with a new token.
   * 1013: it could not be found out for longer than `graceSeconds`; the client may come back later.
   */
  readonly code: 4401 | 1013
  readonly reason: ConnectionEndReason
  /** What a request of the same client would be answered now. */
  readonly denial: Denial
}

/** What is needed of a WebSocket: those of `ws` have it, and so `@fastify/websocket`, tRPC and `graphql-ws`. */
export interface ClosableSocket {
  close(code: number, reason: string): unknown
  once(event: 'close', listener: () => void): unknown
}

/** What is needed of a response that goes on: Node's `ServerResponse` has it, of HTTP/1 and HTTP/2. */
export interface ClosableStream {
  destroy(): unknown
  once(event: 'close', listener: () => void): unknown
}

/**
 * An open connection: a WebSocket, an event stream. It is evaluated again at every change of its user, session,
 * organisation, membership or machine credential, when a factor grows too old for what it was opened with, and every
 * `revalidateAfterSeconds` at Clerk. Nothing is evaluated until it is known what the connection is: by `closes`, `onEnd`,
 * `signal` or `whileAllowed`.
 *
 * Every function may be taken out of the object.
 */
export interface Connection<A = Auth> {
  /** What the connection was opened with. */
  readonly auth: A
  /**
   * Who is asking now: role, permissions and the age of the factors as they are at this moment. For each call or message
   * over the connection; the same object until a change, or the clock, makes another one. After the end it is anonymous,
   * or unavailable. Never rejects.
   */
  current(): Promise<A>
  /** `null` while the right to the connection lasts. */
  readonly ended: ConnectionEnd | null
  /** Aborted when the right to the connection ends; the reason is the {@link ConnectionEnd}. */
  readonly signal: AbortSignal
  /**
   * Calls the listener once, when the right ends; at once where it has ended already. For connections that `closes`
   * cannot close. Returns a function to call when the connection has closed by itself.
   */
  onEnd(listener: (end: ConnectionEnd) => void): () => void
  /**
   * Closes the connection when the right to it ends: a WebSocket with the code and the reason, a response by destroying
   * it. No further message is read.
   *
   * @throws {TypeError} at once, for what cannot be closed
   */
  closes(target: ClosableSocket | ClosableStream): void
  /**
   * The values, while the requirement is met as well as what the connection was opened with; then throws
   * {@link AccessEndedError}. For a part of a connection that ends singly.
   *
   * @throws {ConfigurationError} at once, for a requirement with an unknown key or value
   */
  whileAllowed<T>(values: AsyncIterable<T>, requirement?: Requirement<A & Auth>): AsyncGenerator<T, void>
  /** Evaluates the connection no more. `closes` does this when the connection closes. */
  stop(): void
}

/** The values of {@link Connection.whileAllowed} end, because the right to them has ended. */
export class AccessEndedError extends Error {
  override readonly name = 'AccessEndedError'
  readonly code = 'access-ended'
  readonly end: ConnectionEnd

  constructor(end: ConnectionEnd) {
    super(end.denial.message)
    this.end = end
  }
}
