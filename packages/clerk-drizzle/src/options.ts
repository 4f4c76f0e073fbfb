import type {
  InvitationSnapshot,
  MembershipSnapshot,
  OrganizationSnapshot,
  RoleSnapshot,
  UserSnapshot,
} from '@acme/clerk-core/store'

interface Mapped {
  /** Columns that the table has under another key: `{ email: 'emailAddress' }`. Their names in the database are the table's. */
  readonly fields?: Readonly<Record<string, string>>
}

interface Creating<S> {
  /**
   * Values of the application's own columns for a row that has to be created, required ones at least. For a row that only
   * records a deletion the snapshot has nothing but ids.
   */
  readonly create?: (snapshot: S) => object
}

interface Unique<F extends string> {
  /** Synced fields that are unique, where the table does not say so: an index that a migration of yours made. */
  readonly unique?: readonly F[]
}

export interface DrizzleStoreOptions {
  readonly users?: Mapped &
    Creating<UserSnapshot> &
    Unique<'email' | 'username' | 'phone' | 'externalId'> & {
      /**
       * For `linking: 'external-id'`: the key of the column that Clerk's `external_id` is compared with, exactly. Default: the id.
       * Give it an index: it is looked up for each new user.
       */
      readonly externalIdColumn?: string
    }
  readonly organizations?: Mapped & Creating<OrganizationSnapshot> & Unique<'slug'>
  readonly memberships?: Mapped & Creating<MembershipSnapshot>
  readonly invitations?: Mapped & Creating<InvitationSnapshot>
  readonly clerkRoles?: Mapped & Creating<RoleSnapshot>
}
