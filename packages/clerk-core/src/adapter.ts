// What the adapter of a framework needs, besides what applications use (./index.ts): it describes the framework's request
// once, as a `Framework`, and renders the responses that it is given.

export type { AuthJson } from './domain/auth/auth-json.js'
export type { Me } from './domain/auth/me.js'
// A command line describes no framework, but shows what these are.
export type {
  BulkProgress,
  Drift,
  DriftCounts,
  ReconcileOptions,
  SyncCounts,
  SyncedRow,
  SyncOptions,
  SyncOutcome,
} from './domain/backend-api/bulk.js'
export type { Authorized, Narrowing } from './domain/guard/authorized.js'
export {
  type RequirementArgument,
  requirementOf,
  validateRequirement,
} from './domain/guard/validate-requirement.js'
export type {
  OrganizationReconciliation,
  OrganizationSync,
  ReconcileOrganizationsOptions,
  SyncOrganizationsOptions,
} from './domain/organizations/bulk.js'
export type { SessionMarker } from './domain/session/marker.js'
export { MARKER_SECONDS } from './domain/session/marker.js'
export type { SessionOrganization, SessionRecord } from './domain/session/record.js'
export type { RenewOptions, SessionSlot } from './domain/session/slot.js'
export {
  type MigrateUsersOptions,
  type MigrationOutcome,
  type MigrationSource,
  PASSWORD_HASHERS,
  type PasswordHasher,
  type SyncUsersOptions,
  type UserReconciliation,
  type UserSync,
} from './domain/users/bulk.js'
export { notLookedAt } from './flows/authentication/auth-factory.js'
export type { ClosableSocket, ClosableStream } from './flows/authentication/connection.js'
export { findConnection, latestAuth } from './flows/authentication/connections.js'
export type { AccountPortal } from './flows/web/account-portal.js'
export type { AnyAuth, AnyClerk } from './flows/web/any-clerk.js'
export type { AuditWriter } from './flows/web/audit.js'
export {
  AUDIT_OPTIONS,
  type AuditedRequest,
  type AuditedResponse,
  createAuditLog,
  routePattern,
} from './flows/web/audit.js'
export {
  type NarrowingArguments,
  narrowedAuth,
  narrowedUser,
  type PersonNarrowing,
} from './flows/web/auth-of.js'
export { createAuthenticator, MIDDLEWARE_OPTIONS, type MiddlewareOptions } from './flows/web/authenticator.js'
export { credentialsFrom, credentialsFromFetch } from './flows/web/credentials-from.js'
export {
  addressBehindProxy,
  PEER_OPTIONS,
  type PeerOptions,
  targetOf,
  toFetchResponse,
  webRequestFromFetch,
} from './flows/web/fetch-messages.js'
export {
  type FetchSession,
  loadedSession,
  type SealedSession,
  writableSession,
} from './flows/web/fetch-session.js'
export type { Framework } from './flows/web/framework.js'
export { FrameworkSession, SESSION_KEY } from './flows/web/framework-session.js'
export { createGuard, type Exactly, type GuardArguments, storedAuth } from './flows/web/guard.js'
export { type GetAuthOptions, type GuardOptions, namedClerk } from './flows/web/guard-options.js'
export { type McpAuthInfo, toMcpAuthInfo } from './flows/web/mcp.js'
export { originOf, type WebRequest, type WebResponse } from './flows/web/messages.js'
export {
  createProtectedResource,
  type ProtectedResource,
  type ProtectedResourceOptions,
  withMetadata,
} from './flows/web/protected-resource.js'
export type { BodySource } from './flows/web/raw-body.js'
export {
  findState,
  REQUEST_STATE,
  type RequestState,
  setState,
  stateOf,
} from './flows/web/request-state.js'
export { refuseMalformed } from './flows/web/request-target.js'
export {
  createRoutes,
  findRoute,
  ROUTES_OPTIONS,
  type Route,
  type RoutesOptions,
} from './flows/web/routes.js'
export { type Exchange, openScope, runInScope, type Scope } from './flows/web/scope.js'
export { createScopes } from './flows/web/scopes.js'
export { type ClerkSettings, settingsOf } from './flows/web/settings.js'
export { type PreparedRows, StoredSession } from './flows/web/stored-session.js'
export { closeRefused, type UpgradeRequest } from './flows/web/upgrade.js'
export { createWebhookRoute, WEBHOOK_OPTIONS, type WebhookRouteOptions } from './flows/web/webhook-route.js'
export type { WebErrorCode } from './ground/errors.js'
export { type Explanation, explain, type RefusalDetail } from './ground/observe/explain.js'
export type { MaybePromise } from './ground/timing/maybe-promise.js'
