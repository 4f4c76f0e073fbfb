import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { importPem, type VerificationKey } from './import-keys.js'
import { createRemoteKeySource, type RemoteKeyTimings } from './remote-key-source.js'

export type { VerificationKey } from './import-keys.js'

/** `unavailable`: the key set cannot be had, so nobody knows whether the key exists. */
export type KeyAnswer =
  | { readonly kind: 'key'; readonly key: VerificationKey }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number }

/** Where verification keys come from. One per `createClerk`: instances never share keys. */
export interface KeySource {
  /** Whether tokens must name their key: with a key set, not with a PEM key. */
  readonly needsKid: boolean
  /** Answers at once when the set in hand may be used; starts a background refresh when it is getting old. */
  lookup(kid: string | null): MaybePromise<KeyAnswer>
  /** A signature did not verify under this key: it may have been replaced under its `kid`. Looks again, if it may. */
  lookupAgain(key: VerificationKey): MaybePromise<KeyAnswer>
  /** Whether a `lookup` now would answer with this very key, without waiting. */
  isPublished(key: VerificationKey): boolean
  /** @throws {TokenError} `keys-unavailable` when the keys cannot be had */
  prefetch(): Promise<void>
  /** Gives up what is under way; nothing is fetched any more. */
  close(): void
}

export function createKeySource(
  options: Pick<ResolvedOptions, 'keys' | 'now' | 'fetch'>,
  observer: Observer,
  timings: RemoteKeyTimings = {},
): KeySource {
  return options.keys.kind === 'pem'
    ? createPemKeySource(options.keys.pem)
    : createRemoteKeySource({ ...options, keys: options.keys }, observer, timings)
}

/** One key, no network: `kid` names nothing here. */
function createPemKeySource(pem: string): KeySource {
  const answer: KeyAnswer = { kind: 'key', key: importPem(pem) }
  return {
    needsKid: false,
    lookup: () => answer,
    lookupAgain: () => answer,
    isPublished: () => true,
    prefetch: async () => {},
    close: () => {},
  }
}
