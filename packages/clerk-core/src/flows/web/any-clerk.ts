import type { Clerk, WatchEnd } from '../../clerk.js'
import type { Auth } from '../../domain/auth/auth.js'
import type { MembershipRecord } from '../../domain/store/organization.js'
import type { UserRecord } from '../../domain/store/user.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'

/** An `Auth` with the row types of any stores, or of none. */
export type AnyAuth =
  | Auth<UserRecord, MembershipRecord>
  | Auth<never, never>
  | Auth<UserRecord, never>
  | Auth<never>

/** What a request needs of a {@link Clerk}, with any row types. */
export interface AnyClerk extends Pick<Clerk<UserRecord, MembershipRecord>, 'receiveWebhook' | 'signOut'> {
  authenticateNow(credentials: Parameters<Clerk['authenticateNow']>[0]): MaybePromise<AnyAuth>
  watch(auth: AnyAuth, ended: (reason: WatchEnd) => void): () => void
}
