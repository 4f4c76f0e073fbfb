// What applications use. Adapters of frameworks build on ./adapter.ts as well, stores on ./store.ts. Every public name
// comes through exactly one of the three.

// One clerk for the whole process.
export type { Clerk } from './clerk.js'
export { createClerk } from './create-clerk.js'
// Who is asking.
export type {
  AnonymousAuth,
  Auth,
  LocalAuth,
  LocalRow,
  MachineAuth,
  MachineTokenType,
  RegisteredAuth,
  UnavailableAuth,
  UserAuth,
} from './domain/auth/auth.js'
// With a star: an application that declares `interface Register` reaches only what is exported like this.
export type * from './domain/auth/register.js'
// Users, organisations and Clerk's Backend API.
export type {
  ClerkApi,
  ClerkSession,
  CreateInvitationInput,
  CreateOrganizationInput,
  CreateUserInput,
  MetadataInput,
  PageOptions,
  ReadOptions,
  SessionFilter,
  UpdateOrganizationInput,
  UpdateUserInput,
  UserFilter,
} from './domain/backend-api/clerk-api.js'
export type { Credentials } from './domain/credentials/credentials.js'
// Who may pass.
export { authorize } from './domain/guard/authorize.js'
export type { Denial, HasParams, Requirement, Reverification } from './domain/guard/requirement.js'
// Calls of other services.
export type { MachineToken, MachineTokenOptions } from './domain/machines/clerk-machines.js'
export type { ClerkOrganizations } from './domain/organizations/organizations.js'
export type { MemoryMembership, MemoryOrganization } from './domain/store/memory/memory-organizations.js'
export {
  type MemoryStoreOptions,
  type MemoryStores,
  memoryStore,
} from './domain/store/memory/memory-store.js'
export type { MemoryUser } from './domain/store/memory/memory-users.js'
export type { ActorClaim, SessionClaims } from './domain/tokens/session-claims.js'
export type { MigrationRow } from './domain/users/bulk.js'
export type { ClerkUsers } from './domain/users/users.js'
export { type EnvOptions, fromEnv } from './env.js'
// Connections that stay open.
export {
  AccessEndedError,
  type Connection,
  type ConnectionEnd,
} from './flows/authentication/connection.js'
// What an operator sees.
export type { Diagnostic } from './flows/check/diagnostic.js'
export type { AuditEntry, AuditOptions } from './flows/web/audit.js'
// Who is asking, without the request.
export { currentAuth, withConnection } from './flows/web/current-auth.js'
// What is thrown, and the reasons and codes that are reported.
export { DeniedError } from './flows/web/denied-error.js'
export { machineFetch } from './flows/web/machine-fetch.js'
export { ClerkNotNamedError, MiddlewareMissingError } from './flows/web/request-state.js'
export { CurrentAuthError } from './flows/web/scope.js'
export {
  authenticateUpgrade,
  refuseUpgrade,
  type Upgrade,
  type UpgradeOptions,
  watchRequest,
} from './flows/web/upgrade.js'
// Webhooks.
export type {
  DeletedJson,
  InvitationJson,
  MembershipJson,
  OrganizationJson,
  SessionJson,
  UserJson,
  WebhookData,
} from './flows/webhooks/events.js'
export type { HandlerEvent, OnWebhook, WebhookEvent, WebhookPattern } from './flows/webhooks/handlers.js'
export type { WebhookOutcome, WebhookRequest } from './flows/webhooks/webhook.js'
export { createInboxWorker, type InboxWorker } from './flows/webhooks/worker.js'
export type { InboxWorkerOptions } from './flows/webhooks/worker-options.js'
export {
  type AnonymousReason,
  ClerkApiError,
  ConfigurationError,
  type ConfigurationProblem,
  type DenialCode,
  StoreInputError,
  StoreUnavailableError,
  TokenError,
  type TokenErrorReason,
  type UnavailableReason,
  WebhookDataError,
} from './ground/errors.js'
export type {
  ClerkEvent,
  ClerkEventName,
  ClerkEvents,
  ClerkListener,
} from './ground/observe/events.js'
export type { ClerkLogger } from './ground/observe/logger.js'
export type { ClerkOptions, UserClaims } from './options.js'
