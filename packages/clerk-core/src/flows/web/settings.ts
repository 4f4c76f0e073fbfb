import type { RevokeAtClerk } from '../../domain/session/revoke-at-clerk.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { OriginList } from '../../ground/options/origins.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { type AccountPortal, accountPortalOf } from './account-portal.js'

/** What the web layer reads of a clerk's options. Holds no secret. */
export interface ClerkSettings {
  /** Names the Clerk instance, in tokens and in the application's sessions. */
  readonly issuer: string
  /** `null` for `'any'`. */
  readonly authorizedParties: OriginList | null
  readonly clockToleranceSeconds: number
  /** Longest webhook body. */
  readonly maxBodyBytes: number
  /** The Account Portal of the publishable key; `null` without one. */
  readonly accountPortal: AccountPortal | null
  /** The clock, in milliseconds. */
  readonly now: () => number
  /** No call of the framework's session store is waited for longer. */
  readonly storeTimeoutSeconds: number
  /** `null` without a secret key. */
  readonly revokeAtClerk: RevokeAtClerk | null
  /** Where warnings go, and what the application's own code throws. */
  readonly observer: Pick<Observer, 'thrown' | 'refused' | 'warn'>
}

/** Beside the clerk, not on it: an application that logs or copies its clerk meets no configuration there. */
const settings = new WeakMap<object, ClerkSettings>()

/** Called once, by `createClerk`. */
export function provideSettings(
  clerk: object,
  options: ResolvedOptions,
  revokeAtClerk: RevokeAtClerk | null,
  { thrown, refused, warn }: Observer,
): void {
  const {
    issuer,
    authorizedParties,
    clockToleranceSeconds,
    webhook,
    publishableKey,
    now,
    storeTimeoutSeconds,
  } = options
  settings.set(
    clerk,
    Object.freeze({
      issuer,
      authorizedParties,
      clockToleranceSeconds,
      maxBodyBytes: webhook.maxBodyBytes,
      accountPortal: accountPortalOf(publishableKey),
      now,
      storeTimeoutSeconds,
      revokeAtClerk,
      observer: Object.freeze({ thrown, refused, warn }),
    }),
  )
}

/** @throws {TypeError} for an object that this copy of the package has not created */
export function settingsOf(clerk: object): ClerkSettings {
  const found = settings.get(clerk)
  if (found !== undefined) return found
  throw new TypeError(
    'This is not what createClerk returned. Pass that object itself, and install one version of @acme/clerk-core.',
  )
}

/** Whether this is what `createClerk` of this copy of the package has returned. */
export function isClerk(value: unknown): boolean {
  return typeof value === 'object' && value !== null && settings.has(value)
}
