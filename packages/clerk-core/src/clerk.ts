import type { Auth } from './domain/auth/auth.js'
import type { ClerkApi } from './domain/backend-api/clerk-api.js'
import type { Credentials } from './domain/credentials/credentials.js'
import type { Requirement } from './domain/guard/requirement.js'
import type { ClerkMachines } from './domain/machines/clerk-machines.js'
import type { ClerkOrganizations } from './domain/organizations/organizations.js'
import type { MembershipRecord, OrganizationRecord } from './domain/store/organization.js'
import type { UserRecord } from './domain/store/user.js'
import type { SessionClaims } from './domain/tokens/session-claims.js'
import type { ClerkUsers } from './domain/users/users.js'
import type { Connection } from './flows/authentication/connection.js'
import type { Diagnostic } from './flows/check/diagnostic.js'
import type { ClerkWebhooks } from './flows/webhooks/administration.js'
import type { OnWebhook } from './flows/webhooks/handlers.js'
import type { WebhookOutcome, WebhookRequest } from './flows/webhooks/webhook.js'
import type { ClerkListener } from './ground/observe/events.js'
import type { MaybePromise } from './ground/timing/maybe-promise.js'

/** What `createClerk` returns. `U`, `M` and `O` are the row types of the stores: users, memberships, organisations. */
export interface Clerk<
  U extends UserRecord = UserRecord,
  M extends MembershipRecord = MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
> {
  /** Never throws for anything a client sent. */
  authenticate(credentials: Credentials): Promise<Auth<U, M, O>>
  /** The same, without a promise when nothing has to be waited for. Adapters call this one. */
  authenticateNow(credentials: Credentials): MaybePromise<Auth<U, M, O>>
  /**
   * @throws {TokenError} with a `reason`; `keys-unavailable` carries `retryAfterSeconds`
   * @throws {StoreUnavailableError} when the log of revocations cannot be read for longer than `graceSeconds`
   */
  verifyToken(token: string): Promise<SessionClaims>
  /** Never throws for what was sent. */
  receiveWebhook(request: WebhookRequest): Promise<WebhookOutcome>
  /** Registers an application handler; returns a function that removes it. */
  on: OnWebhook
  /** Registers a listener; returns a function that removes it. A listener that throws harms nothing. */
  observe(listener: ClerkListener): () => void
  readonly users: ClerkUsers<U>
  readonly organizations: ClerkOrganizations<M, O>
  /** @throws {ConfigurationError} on use, without a secret key */
  readonly api: ClerkApi
  /** This process as a machine that calls other services. */
  readonly machines: ClerkMachines
  /**
   * The connection that was opened by a client of this `auth`: a WebSocket, an event stream. Say what it is with
   * `closes(socket)`, or with `onEnd`.
   *
   * @param requirement what the connection needs for as long as it is open, one or several. Default: that its user or
   *   machine, its session and its organisation stay
   * @throws {ConfigurationError} for a requirement with an unknown key or value
   * @throws {TypeError} for a copy of an `auth`
   */
  watch(
    auth: Auth<U, M, O>,
    requirement?: Requirement<Auth<U, M, O>> | readonly Requirement<Auth<U, M, O>>[],
  ): Connection<Auth<U, M, O>>
  /**
   * Ends the Clerk session locally, in every process: writes its `sid` to the log of revocations. In effect here even when
   * it rejects. @throws {StoreUnavailableError} when the other processes could not be told: to be called again
   */
  signOut(sessionId: string): Promise<void>
  /** Stored webhook events: to look at, to try again, to give up. */
  readonly webhooks: ClerkWebhooks
  /** Configuration and reachability problems, each with its remedy. */
  check(): Promise<Diagnostic[]>
  /**
   * Prefetches the keys, reads past revocations, and asks the stores whether their schema will take every write. Rejects
   * when one of them fails. @throws {ConfigurationError} with what is wrong with a schema, and the statements that mend it
   */
  ready(): Promise<void>
  /** Stops its workers, which finish what they have in hand, and then releases timers and subscriptions. */
  close(): Promise<void>
}
