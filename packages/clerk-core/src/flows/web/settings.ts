import type { RevokeAtClerk } from '../../domain/session/revoke-at-clerk.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { OriginList } from '../../ground/options/origins.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { accountPortalOf } from './account-portal.js'

/** What the web layer reads of a clerk's options. Holds no secret. */
export interface ClerkSettings {
  /** Names the Clerk instance, in tokens and in the application's sessions. */
  readonly issuer: string
  /** `null` for `'any'`. */
  readonly authorizedParties: OriginList | null
  readonly clockToleranceSeconds: number
  /** Longest webhook body. */
  readonly maxBodyBytes: number
  /** As configured, else of the Account Portal; `null` where neither is there. */
  readonly pages: { readonly signInUrl: string | null; readonly signUpUrl: string | null }
  /** No call of a store is waited for longer, the framework's session among them. */
  readonly storeTimeoutSeconds: number
  /** The clock, in milliseconds. */
  readonly now: () => number
  /** What is asked of OAuth tokens, and the resources whose metadata this application serves. */
  readonly oauth: {
    readonly accepted: boolean
    readonly resource: string | null
    readonly scopes: readonly string[]
    readonly resources: Set<string>
  }
  /** Where M2M tokens of this machine may be sent, and by what. */
  readonly machineOrigins: readonly string[]
  readonly fetch: typeof globalThis.fetch
  /** `null` without a secret key. */
  readonly revokeAtClerk: RevokeAtClerk | null
  /** Resolves when every process can learn what was ended here. @throws {StoreUnavailableError} */
  readonly recorded: () => Promise<void>
  /** Whether this process could answer a signed-in request. */
  readonly isReady: () => Promise<boolean>
  /** Where warnings go, and what the application's own code throws. */
  readonly observer: Pick<Observer, 'thrown' | 'refused' | 'warn'>
}

/** Beside the clerk, not on it: an application that logs or copies its clerk meets no configuration there. */
const settings = new WeakMap<object, ClerkSettings>()

/** Called once, by `createClerk`. */
export function provideSettings(
  clerk: object,
  options: ResolvedOptions,
  does: Pick<ClerkSettings, 'revokeAtClerk' | 'recorded' | 'isReady'> & { readonly observer: Observer },
): void {
  const { thrown, refused, warn } = does.observer
  const {
    issuer,
    authorizedParties,
    clockToleranceSeconds,
    storeTimeoutSeconds,
    webhook,
    publishableKey,
    now,
    signInUrl,
    signUpUrl,
    accept,
    machineOrigins,
    fetch,
  } = options
  const portal = accountPortalOf(publishableKey)
  settings.set(
    clerk,
    Object.freeze({
      issuer,
      authorizedParties,
      clockToleranceSeconds,
      storeTimeoutSeconds,
      maxBodyBytes: webhook.maxBodyBytes,
      pages: Object.freeze({
        signInUrl: signInUrl ?? portal?.signInUrl ?? null,
        signUpUrl: signUpUrl ?? portal?.signUpUrl ?? null,
      }),
      now,
      oauth: Object.freeze({
        accepted: accept.oauth.opaque || accept.oauth.jwt,
        resource: accept.resource,
        scopes: accept.scopes,
        resources: new Set<string>(),
      }),
      machineOrigins,
      fetch,
      revokeAtClerk: does.revokeAtClerk,
      recorded: does.recorded,
      isReady: does.isReady,
      observer: Object.freeze({ thrown, refused, warn }),
    }),
  )
}

/** @throws {TypeError} for an object that this copy of the package has not created */
export function settingsOf(clerk: object): ClerkSettings {
  const found = settings.get(clerk)
  if (found !== undefined) return found
  // As from Clerk's own SDK, whose middleware takes its keys from the environment.
  if (clerk === undefined)
    throw new TypeError('A clerk is missing. Pass what createClerk returned: `clerkMiddleware(clerk)`.')
  throw new TypeError(
    'This is not what createClerk returned. Pass that object itself, and install one version of @acme/clerk-core.',
  )
}

/** Whether this is what `createClerk` of this copy of the package has returned. */
export function isClerk(value: unknown): boolean {
  return typeof value === 'object' && value !== null && settings.has(value)
}
