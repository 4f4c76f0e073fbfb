export type { DrizzleDatabase } from './db/queries.js'
export { type DrizzleStores, drizzleStore } from './drizzle-store.js'
export type {
  ClerkTables,
  DrizzleMembership,
  DrizzleOrganization,
  DrizzleStoreOptions,
  DrizzleUser,
} from './options.js'
export {
  type OrganizationScope,
  organizationScope,
  type RequestScopeOptions,
  type ScopableDatabase,
  type ScopedDatabase,
} from './scope/organization-scope.js'
export { OrganizationScopeError } from './scope/organization-scope-error.js'
export type { OrganizationScopeOptions } from './scope/tables.js'
