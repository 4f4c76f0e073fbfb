import { ERASED_VERSION } from './tombstone.js'

/**
 * Times that only grow. They are no part of the state that a version stands for: a session says when its user signed in,
 * and neither waits for the user's event nor overtakes it. So the latest ever seen stays, whatever version brings it.
 */
export const GROWING_TIMES = ['lastSignInAt', 'lastActiveAt'] as const

type GrowingTimes = { readonly [Field in (typeof GROWING_TIMES)[number]]?: number | null }
type StoredTimes = Readonly<Record<string, unknown>>

/**
 * What of a snapshot's times is later than the row's, also where the snapshot is stale. `null` and absent say nothing, an
 * erased row stays erased.
 *
 * @param row the stored row, with `Date`s; `null`: there is none
 */
export function laterTimes(
  row: StoredTimes | null,
  snapshot: GrowingTimes,
): { readonly [Field in (typeof GROWING_TIMES)[number]]?: Date } {
  if (row?.version === ERASED_VERSION) return {}
  const later: { [Field in (typeof GROWING_TIMES)[number]]?: Date } = {}
  for (const field of GROWING_TIMES) {
    const given = snapshot[field]
    const stored = row?.[field]
    if (given == null || (stored instanceof Date && stored.getTime() >= given)) continue
    later[field] = new Date(given)
  }
  return later
}
