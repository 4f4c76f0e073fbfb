import type { UserSnapshot } from '@acme/clerk-core/store'
import type { ObjectId } from 'mongodb'

/** Names of the collections, where the application wants others. */
export interface CollectionNames {
  /** Default `users`: the application's own collection, where it has one. */
  users?: string
  /** Default `organizations`. */
  organizations?: string
  /** Default `memberships`. */
  memberships?: string
  /** Default `clerkRoles`: many applications have a collection `roles` of their own. */
  roles?: string
  /** Default `invitations`. */
  invitations?: string
  /** Default `clerkInbox`. */
  inbox?: string
}

export interface MongoStoreOptions<Columns extends object = object, Id = ObjectId> {
  collections?: CollectionNames
  /**
   * The `_id` of a row that the store creates: `() => randomUUID()`, for instance. Default: an ObjectId, made by the server.
   * Rows that the application made keep theirs.
   */
  newId?: () => Id
  /**
   * Columns of the application's own in a user's row that the store creates; a sync never touches them again. Called for
   * every write that might create a row, so it must be cheap and have no side effects.
   */
  create?: (snapshot: UserSnapshot) => Columns
  /**
   * For `linking: 'external-id'`: the field of users that Clerk's `external_id` is compared with, exactly. Default `_id`.
   * Give it an index: it is looked up for each new user.
   */
  externalIdColumn?: string
}
