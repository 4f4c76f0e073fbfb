export { PrismaQueryError } from './client/errors.js'
export type { PrismaStoreOptions } from './options.js'
export {
  type PrismaMembership,
  type PrismaOrganization,
  type PrismaStores,
  type PrismaUser,
  prismaStore,
} from './prisma-store.js'
