// What a store implements and what it stores. Stores also throw `StoreInputError` and `StoreUnavailableError` of the root.
export type { Invalidation, InvalidationListener } from './domain/changes/invalidation.js'
export type { InspectableStore, StoreFinding } from './domain/store/finding.js'
export type {
  Change,
  ChangePage,
  Claim,
  EventQuery,
  EventStatus,
  FinishedStatus,
  Inbox,
  InboxEvent,
  NewChange,
  StoredEvent,
} from './domain/store/inbox.js'
export type {
  InvitationRecord,
  InvitationSnapshot,
  MembershipIdentity,
  MembershipRecord,
  MembershipReference,
  MembershipSnapshot,
  OrganizationRecord,
  OrganizationSnapshot,
  OrganizationStore,
  RoleRecord,
  RoleSnapshot,
  UnstoredOfOrganizations,
} from './domain/store/organization.js'
export * from './domain/store/rules/index.js'
export type { Stores } from './domain/store/stores.js'
export {
  type OrganizationStoreOver,
  type OrganizationTables,
  organizationStoreOver,
} from './domain/store/tables/organizations.js'
export type {
  IncomingRow,
  RowCondition,
  RowValues,
  StoredRow,
  TableOf,
  Tombstone,
  VersionedRows,
} from './domain/store/tables/rows.js'
export {
  type UserRows,
  type UserStoreOver,
  type UserTable,
  userStoreOver,
} from './domain/store/tables/users.js'
export type {
  ApplyOutcome,
  Json,
  LinkBy,
  LinkKey,
  Metadata,
  UserActivity,
  UserRecord,
  UserSnapshot,
  UserStore,
} from './domain/store/user.js'
export { fullName } from './domain/users/full-name.js'
export { currentOrganizationId } from './flows/web/current-auth.js'
export { CLERK_OPTION } from './flows/web/guard-options.js'
export { type StoreFault, StoreFaultError } from './ground/errors.js'
export { type OptionRule, type OptionRules, readOptions, rule } from './ground/options/read-options.js'
