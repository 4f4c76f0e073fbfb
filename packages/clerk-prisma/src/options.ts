import type {
  InvitationSnapshot,
  MembershipSnapshot,
  OrganizationSnapshot,
  RoleSnapshot,
  UserSnapshot,
} from '@acme/clerk-core/store'
import type { ModelName, ModelRow } from './client/prisma-client.js'
import type {
  FieldMap,
  INBOX,
  INVITATIONS,
  LOG,
  MEMBERSHIPS,
  ORGANIZATIONS,
  ROLES,
  TableDefinition,
  USERS,
} from './table/definitions.js'

interface ModelOptions<C, D extends TableDefinition> {
  /** Name of the model on the client (`prisma.user` is `'user'`). */
  readonly model?: ModelName<C>
  /**
   * Fields that are called otherwise in the model: `{ email: 'emailAddress' }`. `null`: the model has none, it is not
   * stored and always `null` in the row. Some are stored only when they are named here (`privateMetadata`, `locked`).
   */
  readonly fields?: FieldMap<D>
}

interface Creating<S> {
  /**
   * Values of the application's own columns for a row that has to be created, required ones at least; scalars only. For
   * a row that only records a deletion the snapshot has nothing but ids.
   */
  readonly create?: (snapshot: S) => object
}

interface Unique<F extends string> {
  /**
   * Synced fields that are unique. Default: asked of the database once. To be named where it cannot be asked, or where
   * the constraint is more than an index on that column.
   */
  readonly unique?: readonly F[]
}

export interface PrismaStoreOptions<C = object> {
  /** Which database the client is for, where it does not say (a wrapped client): `postgresql`, `sqlite`, `mysql`, `cockroachdb`. */
  readonly provider?: 'postgresql' | 'cockroachdb' | 'sqlite' | 'mysql'
  /** Default model: `user`. */
  readonly users?: ModelOptions<C, typeof USERS> &
    Creating<UserSnapshot> &
    Unique<(typeof USERS.mayBeUnique)[number]> & {
      /**
       * For `linking: 'external-id'`: the model's field (String, Int or BigInt) that Clerk's `external_id` is compared with,
       * exactly. Default: the id. Give it an index: it is looked up for each new user.
       */
      readonly externalIdColumn?: string
    }
  /** Default model: `organization`. */
  readonly organizations?: ModelOptions<C, typeof ORGANIZATIONS> &
    Creating<OrganizationSnapshot> &
    Unique<'slug'>
  /** Default model: `membership`. */
  readonly memberships?: ModelOptions<C, typeof MEMBERSHIPS> & Creating<MembershipSnapshot>
  /** Default model: `clerkRole`. */
  readonly roles?: ModelOptions<C, typeof ROLES> & Creating<RoleSnapshot>
  /** Default model: `invitation`. */
  readonly invitations?: ModelOptions<C, typeof INVITATIONS> & Creating<InvitationSnapshot>
  /** Default model: `webhookEvent`. */
  readonly inbox?: ModelOptions<C, typeof INBOX>
  /** The log of what changed. Default model: `clerkChange`. */
  readonly changes?: ModelOptions<C, typeof LOG>
}

/**
 * A row as a store answers it: the model's own columns, with those the product knows under their names in the contract.
 * A column of the application's that has such a name and is mapped elsewhere is hidden by it.
 */
type Record<R, Row, O> = {
  readonly [K in keyof Row as K extends keyof R ? never : K]: Row[K]
} & Omit<R, 'id'> & { readonly id: IdOf<Row, O> }

type IdOf<Row, O> = O extends { fields: { id: infer Id extends keyof Row } }
  ? Row[Id]
  : Row extends { id: infer Id }
    ? Id
    : never

type ModelOf<C, O, Part extends string, Default extends string> = ModelRow<
  C,
  O extends { readonly [P in Part]: { readonly model: infer Name } } ? Name : Default
>

type PartOf<O, Part extends string> = O extends { readonly [P in Part]: infer Options } ? Options : object

/** The row type of one store: `RowOf<UserRecord, typeof prisma, typeof options, 'users', 'user'>`. */
export type RowOf<R, C, O, Part extends string, Default extends string> = Record<
  R,
  ModelOf<C, O, Part, Default>,
  PartOf<O, Part>
>
