import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { Span } from '../../ground/timing/span.js'
import type { VerificationKey } from './import-keys.js'

export type { VerificationKey } from './import-keys.js'

/** `unavailable`: the key set cannot be fetched, so that it is not known whether the key exists. */
export type KeyLookup =
  | { readonly kind: 'key'; readonly key: VerificationKey }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number }

/** Where verification keys come from. One per `createClerk`: instances never share keys. */
export interface KeySource {
  /** Whether tokens must name their key: with a key set, not with a PEM key. */
  readonly needsKid: boolean
  /** Returns at once when the cached set may be used; starts a background refresh when it is getting old. */
  lookup(kid: string | null): MaybePromise<KeyLookup>
  /** A signature did not verify under this key: it may have been replaced under its `kid`. Looks again, if it may. */
  lookupAgain(key: VerificationKey): MaybePromise<KeyLookup>
  /** Whether a `lookup` now would return this very key, without waiting. */
  isPublished(key: VerificationKey): boolean
  /** How long what {@link isPublished} says lasts, if the key set is not replaced. */
  span(): Span
  /**
   * Whether a token that came now could be verified, as far as is known without fetching anything: false where the key set
   * could not be fetched, may not be used any longer, and is not asked for again yet.
   */
  isUsable(): boolean
  /** @throws {TokenError} `keys-unavailable` when the keys cannot be fetched */
  prefetch(): Promise<void>
  /** Ends the fetch under way; nothing is fetched any more. */
  close(): void
}
