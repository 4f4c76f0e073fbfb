export type { DrizzleStoreOptions } from './options.js'
export {
  type OrganizationScope,
  organizationScope,
  type RequestScopeOptions,
  type ScopableDatabase,
  type ScopedDatabase,
} from './scope/organization-scope.js'
export { OrganizationScopeError } from './scope/organization-scope-error.js'
export type { OrganizationScopeOptions } from './scope/tables.js'
