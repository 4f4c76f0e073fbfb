export { startClerk } from './clerk.js'
export { testEmail, testPhone } from './fixtures/contacts.js'
export { clerkFixture, clerkForTest } from './fixtures/test-runner.js'
export {
  type WebhookData,
  type WebhookFixtureOptions,
  type WebhookType,
  webhookFixture,
  webhookTypes,
} from './fixtures/webhook-fixture.js'
export type { SessionTokenClaims, TokenOrganization, TokenVersion } from './issuer/claims.js'
export type { Forge, Forgery, ForgeryName } from './issuer/forge.js'
export {
  createTestIssuer,
  type MintOptions,
  type TestIssuer,
  type TestIssuerOptions,
  type TokenCategory,
  tokenCategories,
} from './issuer/issuer.js'
export type { PublicJwk, SigningKey } from './issuer/keys.js'
export { cookieSuffixOf, publishableKeyOf } from './issuer/publishable-key.js'
export type { Operations, OrganizationRef, SessionRef, TokenParams, UserRef } from './operations.js'
export type { OfflineClerk, OfflineLogger, StartClerkOptions, Webhooks } from './options.js'
export type { Roles } from './resources/instance.js'
export type * from './resources/json.js'
export type {
  CreateOrganizationParams,
  CreateUserParams,
  UpdateOrganizationParams,
  UpdateUserParams,
} from './resources/params.js'
export type { Seed } from './resources/seed.js'
export type { Snapshot } from './resources/snapshot.js'
export { BackendError } from './server/errors.js'
export type { Fault, Faults } from './server/faults.js'
export type { RateLimits } from './server/rate-limit.js'
export type { RequestRecord } from './server/server.js'
export {
  type Attempt,
  type Breakage,
  type Chaos,
  type Delivery,
  type DeliveryStatus,
  type Forged,
  retryDelaysMs,
  type WebhookEvent,
} from './webhooks/delivery.js'
export type { Refusal } from './webhooks/refusal.js'
export { type SignedWebhook, type SignWebhookOptions, signWebhook } from './webhooks/sign.js'
