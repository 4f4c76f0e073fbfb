import type {
  InvitationSnapshot,
  MembershipRecord,
  MembershipSnapshot,
  OrganizationRecord,
  OrganizationSnapshot,
  RoleSnapshot,
  UserRecord,
  UserSnapshot,
} from '@acme/clerk-core/store'
import type { InferInsertModel, InferSelectModel, Table } from 'drizzle-orm'
import type {
  FieldOf,
  INVITATIONS,
  MEMBERSHIPS,
  ORGANIZATIONS,
  ROLES,
  TableDefinition,
  USERS,
} from './table/definitions.js'

/** The tables of the stores, by these names; a whole schema (`import * as schema`) has them among others. */
export interface ClerkTables {
  /** Your own, with `...clerkUserColumns()`. */
  readonly users: Table
  readonly organizations: Table
  readonly memberships: Table
  readonly invitations: Table
  readonly clerkRoles: Table
  readonly clerkInbox: Table
  /** The log of what changed. */
  readonly clerkChanges: Table
}

interface OfTable<S, T extends Table, D extends TableDefinition> {
  /**
   * Fields whose column has another key in the table: `{ email: 'emailAddress' }`. What it is called in the database is the
   * table's to say. Some are stored only when they are named here (`privateMetadata`, `locked`).
   */
  readonly fields?: { readonly [F in FieldOf<D>]?: string }
  /**
   * Values of the application's own columns for a row that has to be created, required ones at least. For a row that only
   * records a deletion the snapshot has nothing but ids.
   */
  readonly create?: (snapshot: S) => Partial<InferInsertModel<T>>
}

interface Unique<F extends string> {
  /** Synced fields that are unique in the database, where the table does not say so. */
  readonly unique?: readonly F[]
}

export interface DrizzleStoreOptions<S extends ClerkTables = ClerkTables> {
  readonly users?: OfTable<UserSnapshot, S['users'], typeof USERS> &
    Unique<(typeof USERS.mayBeUnique)[number]> & {
      /**
       * For `linking: 'external-id'`: the key of the column that Clerk's `external_id` is compared with, exactly. Default: the id.
       * Give it an index: it is looked up for each new user.
       */
      readonly externalIdColumn?: string
    }
  readonly organizations?: OfTable<OrganizationSnapshot, S['organizations'], typeof ORGANIZATIONS> &
    Unique<'slug'>
  readonly memberships?: OfTable<MembershipSnapshot, S['memberships'], typeof MEMBERSHIPS>
  readonly invitations?: OfTable<InvitationSnapshot, S['invitations'], typeof INVITATIONS>
  readonly clerkRoles?: OfTable<RoleSnapshot, S['clerkRoles'], typeof ROLES>
}

/**
 * A row as a store answers it: the table's own columns, with those the product knows under their names in the contract.
 * A column of the application's that has such a name and is mapped elsewhere is hidden by it.
 */
type RecordOf<R, Row, O> = {
  readonly [K in keyof Row as K extends keyof R ? never : K]: Row[K]
} & Omit<R, 'id'> & { readonly id: IdOf<Row, O> }

type IdOf<Row, O> = O extends { readonly fields: { readonly id: infer Id extends keyof Row } }
  ? Row[Id]
  : Row extends { id: infer Id }
    ? Id
    : never

type PartOf<O, Part extends string> = O extends { readonly [P in Part]: infer Options } ? Options : object

/** The row of the application's table of users, as `auth.user` has it. */
export type DrizzleUser<S extends ClerkTables, O = object> = RecordOf<
  UserRecord,
  InferSelectModel<S['users']>,
  PartOf<O, 'users'>
>
export type DrizzleOrganization<S extends ClerkTables, O = object> = RecordOf<
  OrganizationRecord,
  InferSelectModel<S['organizations']>,
  PartOf<O, 'organizations'>
>
export type DrizzleMembership<S extends ClerkTables, O = object> = RecordOf<
  MembershipRecord,
  InferSelectModel<S['memberships']>,
  PartOf<O, 'memberships'>
>
