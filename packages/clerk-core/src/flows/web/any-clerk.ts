import type { Auth } from '../../domain/auth/auth.js'
import type { Credentials } from '../../domain/credentials/credentials.js'
import type { Requirement } from '../../domain/guard/requirement.js'
import type { MembershipRecord } from '../../domain/store/organization.js'
import type { UserRecord } from '../../domain/store/user.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { Connection } from '../authentication/connection.js'
import type { WebhookOutcome, WebhookRequest } from '../webhooks/webhook.js'

/** An `Auth` with the row types of any stores, or of none. */
export type AnyAuth =
  | Auth<UserRecord, MembershipRecord>
  | Auth<never, never>
  | Auth<UserRecord, never>
  | Auth<never>

/** What a request needs of a `Clerk`, whatever its row types are. */
export interface AnyClerk {
  authenticateNow(credentials: Credentials): MaybePromise<AnyAuth>
  receiveWebhook(request: WebhookRequest): Promise<WebhookOutcome>
  signOut(sessionId: string): Promise<void>
  watch(auth: AnyAuth, requirement?: Requirement | readonly Requirement[]): Connection<AnyAuth>
}
