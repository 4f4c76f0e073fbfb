import { isDeepStrictEqual } from 'node:util'
import { storable } from '@acme/clerk-core/store'

/**
 * Whether a stored value is the one that would be written. Databases answer JSON with its keys in another order, which
 * `isDeepStrictEqual` does not mind, and objects without a prototype where the snapshot has them, which it does.
 */
export function sameValue(stored: unknown, given: unknown): boolean {
  const written = storable(given)
  if (stored instanceof Date || written instanceof Date) return Number(stored) === Number(written)
  if (typeof stored !== 'object' || typeof written !== 'object') return (stored ?? null) === written
  return isDeepStrictEqual(plain(stored), plain(written))
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
