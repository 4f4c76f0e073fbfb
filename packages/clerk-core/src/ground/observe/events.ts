import type { AnonymousReason, CodesIn, UnavailableReason } from '../codes.js'
import type { LinkBy } from '../options/resolved.js'
import type { ToldFault } from '../store-fault.js'

/** What `observe` receives. No event carries a token, a secret, private metadata or an e-mail address. */
export interface ClerkEvents {
  'auth.success': {
    readonly kind: 'user' | 'machine' | 'local'
    readonly source: 'token' | 'session' | 'machine' | 'local'
    readonly userId: string | null
    readonly sessionId: string | null
    readonly orgId: string | null
    /**
     * Whether what this process remembered answered: no token had to be verified, no row read, Clerk not asked. False for a
     * local user, of whom nothing is remembered.
     */
    readonly cached: boolean
  }
  /** `tokenHash`: base64url SHA-256 of the refused token, `null` when there was none. */
  'auth.failure': { readonly reason: AnonymousReason; readonly tokenHash: string | null }
  'auth.unavailable': { readonly reason: UnavailableReason; readonly retryAfterSeconds: number }
  'cache.hit': { readonly cache: CacheName }
  'cache.miss': { readonly cache: CacheName }
  'jwks.refresh': {
    readonly keys: number
    readonly reason: 'cold' | 'expired' | 'soft-expired' | 'unknown-kid' | 'bad-signature'
  }
  'jwks.error': { readonly message: string; readonly retryAfterSeconds: number }
  'jwks.stale': { readonly ageSeconds: number }
  'session.started': { readonly userId: string; readonly sessionId: string }
  'session.refreshed': { readonly userId: string; readonly sessionId: string; readonly by: 'token' | 'clerk' }
  'session.ended': {
    readonly userId: string | null
    readonly sessionId: string | null
    readonly reason: CodesIn<'session-end'>
  }
  /**
   * The framework's session could not be written or ended (the `Auth` of the request does not depend on it), or a session
   * that was signed out here could not be revoked at Clerk.
   */
  'session.error': { readonly operation: 'write' | 'end' | 'revoke'; readonly message: string }
  'user.provisioned': {
    readonly userId: string
    readonly by: 'api' | 'claims' | 'webhook'
    readonly outcome: string
  }
  'user.linked': { readonly userId: string; readonly by: LinkBy }
  /** The application's `canLink` or `claimsToUser` threw: no link was made, no row written. `error`: its class. */
  'user.error': {
    readonly userId: string
    readonly step: 'can-link' | 'claims-to-user'
    readonly error: string
  }
  /**
   * The database of a store refused an operation for good. Told by names and codes of the schema, `null` where they are not
   * known, and never by a value.
   */
  'store.fault': {
    readonly store: 'users' | 'organizations' | 'inbox'
    /** The method of the store: `remove`. */
    readonly operation: string
  } & ToldFault
  'webhook.received': { readonly id: string; readonly type: string }
  'webhook.processed': { readonly id: string; readonly type: string; readonly durationMs: number }
  'webhook.duplicate': { readonly id: string; readonly type: string }
  /** The state stored was newer: nothing was changed. */
  'webhook.stale': { readonly id: string; readonly type: string }
  'webhook.failed': {
    readonly id: string | null
    readonly type: string | null
    readonly code: CodesIn<'webhook'>
    readonly message: string
  }
  /** It has failed as often as it may, and is not tried again until `clerk.webhooks.replay(id)`. `message`: the last failure. */
  'webhook.exhausted': {
    readonly id: string
    readonly type: string
    readonly attempts: number
    readonly message: string
  }
  /** A worker could not read the inbox, prune it, or use a store while it processed an event. It tries again. */
  'worker.error': { readonly message: string; readonly retryAfterSeconds: number }
  'changes.applied': { readonly count: number; readonly by: 'poll' | 'push' }
  'changes.error': { readonly message: string }
  /**
   * A call of Clerk's Backend API ended without a usable answer, or Clerk refuses the secret key (401, 403). `status`: 0
   * where there was no answer. What Clerk says of a user or a session (404, 422) is none of these.
   */
  'api.error': { readonly operation: string; readonly status: number; readonly message: string }
  'api.retry': {
    readonly operation: string
    readonly attempt: number
    readonly status: number
    readonly delayMs: number
  }
}

export type CacheName = 'token' | 'user' | 'membership' | 'organization' | 'machine'
export type ClerkEventName = keyof ClerkEvents

/** One event: its name, when it happened (ms), and its fields. */
export type ClerkEvent = {
  [N in ClerkEventName]: { readonly name: N; readonly at: number } & ClerkEvents[N]
}[ClerkEventName]

export type ClerkListener = (event: ClerkEvent) => void
