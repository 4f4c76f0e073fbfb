export type { DrizzleDatabase } from './db/queries.js'
export { type DrizzleStores, drizzleStore } from './drizzle-store.js'
export type {
  ClerkTables,
  DrizzleMembership,
  DrizzleOrganization,
  DrizzleStoreOptions,
  DrizzleUser,
} from './options.js'
