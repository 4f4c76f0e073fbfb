export type { PrismaStoreOptions } from './options.js'
export {
  type PrismaMembership,
  type PrismaOrganization,
  type PrismaStores,
  type PrismaUser,
  prismaStore,
} from './prisma-store.js'
export {
  OrganizationScopeError,
  type Relation,
  type ScopedModel,
  type ScopedModels,
  type ToMany,
  type ToOne,
} from './scope/models.js'
export {
  type OrganizationScopeOptions,
  organizationScope,
  type RequestScopeOptions,
} from './scope/organization-scope.js'
