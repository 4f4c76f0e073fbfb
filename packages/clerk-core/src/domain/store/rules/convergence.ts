import { StoreUnavailableError } from '../../../ground/errors.js'

/** What of the stored row counts for `apply`. */
export interface Known {
  readonly version: number
  /** For users: the row has nothing but its id and, maybe, a deletion. Other entities are not built from claims. */
  readonly isBare?: boolean
}

/**
 * What `apply` does with a snapshot: `create` a row, `write` the synced fields over the row, or nothing, for one of two
 * reasons.
 */
export type Decision = 'create' | 'write' | 'unchanged' | 'stale'

/**
 * The highest version wins, and of equal versions the later write. A user's snapshot of version 0 was built from claims:
 * it creates a row or fills one that has nothing but its id, and overwrites nothing.
 *
 * A deletion does not count here: it has no version, and a deleted row is written like any other and stays deleted.
 *
 * @param known the row; `null`: there is none
 */
export function decideApply(known: Known | null, version: number): Decision {
  if (known === null) return 'create'
  if (version < known.version) return 'stale'
  if (version === 0 && known.isBare === false) return 'unchanged'
  return 'write'
}

/**
 * For a write that found another writer ahead of it on every attempt. It is an outage, since the same call will succeed
 * later: any other error would mark the event as one that cannot be applied.
 */
export function tooManyWriters(what: string): StoreUnavailableError {
  return new StoreUnavailableError(`Too many writers of ${what} at a time.`)
}
