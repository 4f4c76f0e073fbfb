/** All that the table needs of core, by the doors it has today. */
export {
  type Auth,
  authenticateUpgrade,
  authorize,
  type Clerk,
  type ClerkOptions,
  createClerk,
  memoryStore,
  type Requirement,
  refuseUpgrade,
} from '@acme/clerk-core'
export {
  type AnyAuth,
  type AnyClerk,
  SESSION_KEY,
  type SessionSlot,
  type UpgradeRequest,
} from '@acme/clerk-core/adapter'
export type Stores = ReturnType<typeof import('@acme/clerk-core').memoryStore>
