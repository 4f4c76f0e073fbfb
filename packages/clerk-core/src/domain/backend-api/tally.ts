import { nameOf } from '../../ground/error-name.js'
import { concernsEveryRow, StoreInputError } from '../../ground/errors.js'
import type { BulkProgress, SyncCounts, SyncedRow, SyncOptions, SyncOutcome } from './bulk.js'

const NONE: SyncCounts = { created: 0, updated: 0, unchanged: 0, stale: 0, linked: 0, missing: 0, failed: 0 }

/** Counts the rows of a sync by kind, and tells each. */
export interface Tally {
  add(kind: SyncedRow['kind'], id: string, outcome: SyncOutcome, error?: unknown): Promise<void>
  /** How many there will be. */
  expect(total: BulkProgress['total']): void
  /** Of what a store throws for one row. What is none of the row's, an outage for instance, is thrown on. */
  failed(kind: SyncedRow['kind'], id: string, error: unknown): Promise<void>
  counts(kind: SyncedRow['kind']): SyncCounts
  progress(): Promise<void>
}

export function createTally(options: Pick<SyncOptions, 'onRow' | 'onProgress'>): Tally {
  const counts = new Map<SyncedRow['kind'], Record<SyncOutcome, number>>()
  let done = 0
  let total: BulkProgress['total'] = null
  const tally: Tally = {
    async add(kind, id, outcome, error) {
      const known = counts.get(kind) ?? { ...NONE }
      counts.set(kind, known)
      known[outcome]++
      done++
      await options.onRow?.({ kind, id, outcome, error: error === undefined ? null : nameOf(error) })
    },
    expect(expected) {
      total = expected
    },
    async failed(kind, id, error) {
      if (concernsEveryRow(error)) throw error
      await tally.add(kind, id, 'failed', error)
    },
    counts: (kind) => counts.get(kind) ?? NONE,
    async progress() {
      await options.onProgress?.({ done, total })
    },
  }
  return tally
}

/** @throws {StoreInputError} for what is no whole number, 0 or more */
export function checkRange(options: { readonly limit?: number; readonly offset?: number }): void {
  for (const name of ['limit', 'offset'] as const) {
    const value = options[name]
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
      throw new StoreInputError(`${name} must be a whole number, 0 or more.`)
    }
  }
}

/** So many values, after so many others. */
export async function* ranged<T>(
  values: AsyncIterable<T>,
  { limit = Number.POSITIVE_INFINITY, offset = 0 }: { readonly limit?: number; readonly offset?: number },
): AsyncGenerator<T, void, undefined> {
  if (limit === 0) return
  let index = 0
  for await (const value of values) {
    if (index >= offset) yield value
    index++
    if (index >= offset + limit) return
  }
}

/** One or several, as a list. */
export const listOf = (ids: string | readonly string[]): readonly string[] =>
  typeof ids === 'string' ? [ids] : ids
