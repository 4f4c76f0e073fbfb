import { type OptionRules, rule, type UserSnapshot } from '@acme/clerk-core/store'
import type { ObjectId } from 'mongodb'
import type {
  CHANGES,
  CollectionDefinition,
  FieldMap,
  INBOX,
  INVITATIONS,
  MEMBERSHIPS,
  ORGANIZATIONS,
  ROLES,
  USERS,
} from './collection/definitions.js'

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
  /** The log of what changed. Default `clerkChanges`. */
  changes?: string
}

export interface Mapped<D extends CollectionDefinition> {
  /**
   * Fields that are called otherwise in the documents: `{ email: 'emailAddress' }`. `null`: the documents have none, it is
   * not stored and always `null` (a flag: `false`) in the row. No other field is ever written.
   */
  readonly fields?: FieldMap<D>
}

export interface MongoStoreOptions<Columns extends object = object, Id = ObjectId> {
  collections?: CollectionNames
  readonly users?: Mapped<typeof USERS>
  readonly organizations?: Mapped<typeof ORGANIZATIONS>
  readonly memberships?: Mapped<typeof MEMBERSHIPS>
  readonly roles?: Mapped<typeof ROLES>
  readonly invitations?: Mapped<typeof INVITATIONS>
  readonly inbox?: Mapped<typeof INBOX>
  readonly changes?: Mapped<typeof CHANGES>
  /**
   * The `_id` of a row that the store creates: `() => randomUUID()`, for instance. Default: an ObjectId, made by the server.
   * Rows that the application made keep theirs.
   */
  newId?: () => Id
  /**
   * Columns of the application's own in a user's row that the store creates, under their names in the document; a sync
   * never touches them again. For a row that only records a deletion the snapshot has nothing but its id. Called for every
   * write that might create a row, so it must be cheap and have no side effects.
   */
  create?: (snapshot: UserSnapshot) => Columns
  /**
   * For `linking: 'external-id'`: the field of users that Clerk's `external_id` is compared with, exactly. Default `_id`.
   * Give it an index: it is looked up for each new user.
   */
  externalIdColumn?: string
}

const MAPPED = rule.group<Mapped<CollectionDefinition>>({
  // `problemsOf` looks.
  fields: rule.object,
})

/** For `readOptions`. */
export const OPTION_RULES: OptionRules<MongoStoreOptions> = {
  collections: rule.group<CollectionNames>({
    users: rule.text,
    organizations: rule.text,
    memberships: rule.text,
    roles: rule.text,
    invitations: rule.text,
    inbox: rule.text,
    changes: rule.text,
  }),
  users: MAPPED,
  organizations: MAPPED,
  memberships: MAPPED,
  roles: MAPPED,
  invitations: MAPPED,
  inbox: MAPPED,
  changes: MAPPED,
  newId: rule.code,
  create: rule.code,
  externalIdColumn: rule.text,
}
