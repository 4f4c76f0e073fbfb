import type {
  InvitationRecord,
  MembershipRecord,
  Metadata,
  OrganizationRecord,
  RoleRecord,
  UserRecord,
} from '@acme/clerk-core/store'
import type { ObjectId } from 'mongodb'

/** A user's document: what Clerk says, under these names, beside the application's own columns. `id` is `_id`. */
export interface MongoUser<Id = ObjectId> extends UserRecord {
  readonly id: Id
  readonly _id: Id
  /** Only with `privateMetadata: true` in the options of `createClerk`. */
  readonly privateMetadata: Metadata | null
  readonly locked: boolean
  /** Clerk's own: `createdAt` is the application's. */
  readonly clerkCreatedAt: Date | null
  readonly lastSignInAt: Date | null
  readonly lastActiveAt: Date | null
}

export interface MongoOrganization<Id = ObjectId> extends OrganizationRecord {
  readonly id: Id
  readonly privateMetadata: Metadata | null
  readonly membersCount: number | null
  /** Clerk's own: `createdAt` is the application's. */
  readonly clerkCreatedAt: Date | null
}

export interface MongoMembership<Id = ObjectId> extends MembershipRecord {
  readonly id: Id
}

export interface MongoRole<Id = ObjectId> extends RoleRecord {
  readonly id: Id
}

export interface MongoInvitation<Id = ObjectId> extends InvitationRecord {
  readonly id: Id
  /** Clerk's own: `createdAt` is the application's. */
  readonly clerkCreatedAt: Date | null
}
