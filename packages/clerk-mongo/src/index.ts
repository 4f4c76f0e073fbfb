export type { MongoCollection, MongoDatabase } from './driver.js'
export { type MongoStores, mongoStore } from './mongo-store.js'
export type { CollectionNames, MongoStoreOptions } from './options.js'
export type { MongoInvitation, MongoMembership, MongoOrganization, MongoUser } from './rows.js'
export type { ScopedCursor } from './scope/cursor.js'
export {
  type FindAndModifyOptions,
  type ReadOptions,
  type RequestScope,
  type ScopedCollection,
  type ScopeOptions,
  scopedCollection,
  type Unstamped,
  type WriteOptions,
} from './scope/scoped-collection.js'
export { TenantScopeError } from './scope/tenant-scope-error.js'
export type { MongoOrganizationStore } from './stores/organizations.js'
export type { MongoUserStore } from './stores/users.js'
