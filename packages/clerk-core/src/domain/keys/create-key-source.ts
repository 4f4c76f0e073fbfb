import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { ALWAYS } from '../../ground/timing/span.js'
import { importPem } from './import-keys.js'
import type { KeyLookup, KeySource } from './key-source.js'
import { createRemoteKeySource, type RemoteKeySettings } from './remote-key-source.js'

export function createKeySource(
  options: Pick<ResolvedOptions, 'keys' | 'now' | 'fetch'>,
  observer: Observer,
  settings: RemoteKeySettings = {},
): KeySource {
  return options.keys.kind === 'pem'
    ? createPemKeySource(options.keys.pem)
    : createRemoteKeySource({ ...options, keys: options.keys }, observer, settings)
}

/** One key, no network: `kid` names nothing here. */
function createPemKeySource(pem: string): KeySource {
  const found: KeyLookup = { kind: 'key', key: importPem(pem) }
  return {
    needsKid: false,
    lookup: () => found,
    lookupAgain: () => found,
    isPublished: () => true,
    span: () => ALWAYS,
    isUsable: () => true,
    prefetch: async () => {},
    close: () => {},
  }
}
