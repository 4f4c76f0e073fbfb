import type { EventEmitter } from 'node:events'
import type { Clerk } from './core.js'
import type { PolicyName } from './policies.js'
import type { Way } from './ways.js'

/**
 * The application that an adapter builds for the table. It keeps sessions on the server, in a store that all its
 * instances share, and answers, for every name of `GUARDS`:
 *
 * | route | answers |
 * |---|---|
 * | `/g/<guard>` | 200 behind the guard |
 * | `/events/<guard>` | an event stream behind the guard, which says something at every `tick` of the bus |
 * | `/ws/<guard>` | a WebSocket behind the guard, which answers every message |
 * | `/auth/…` | `clerkRoutes` |
 *
 * An adapter with other routes brings ways of its own.
 */
export interface AuthorityBinding {
  readonly name: string
  /** Default: those of a framework. */
  readonly ways?: readonly Way[]
  /** Runs those cells only whose turn it is in memory: what the stores do, the other adapters have shown. */
  readonly inMemory?: true
  /** The host of its WebSockets refuses one by status and headers alone: the code of the refusal is not seen. */
  readonly refusesWithoutBody?: true
  start(spec: AuthoritySpec): Promise<AuthorityApp>
}

export interface AuthoritySpec {
  readonly clerk: Clerk
  readonly bus: EventEmitter
}

export interface AuthorityApp {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string
  /** Where a browser is first seen. Default `/g/user`. */
  readonly visit?: string
  /** Signs the bearer of the token out. Default: `POST /auth/sign-out`. */
  signOut?(person: { readonly token: string; readonly sessionId: string }): Promise<void>
  stop(): Promise<void>
}

export interface Backend {
  readonly policy: PolicyName
  readonly clerk: Clerk
  readonly app: AuthorityApp
  /** The origin of a page that this backend lists. */
  readonly page: string
  readonly bus: EventEmitter
}
