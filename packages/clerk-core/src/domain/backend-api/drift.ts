import { isDeepStrictEqual } from 'node:util'
import { inBatches, StoppedError, untilAborted } from '../../ground/timing/until-aborted.js'
import { MAX_BATCH } from '../store/rules/batch.js'
import { storable } from '../store/rules/input.js'
import type { Drift, DriftCounts, ReconcileOptions } from './bulk.js'
import { type CompleteListing, readCompleteListing } from './complete-listing.js'

/** A row as far as a reconciliation looks at it. */
interface ComparedRow {
  readonly clerkId: string | null
  readonly version: number
  readonly deletedAt?: Date | null
}

/** A listing of Clerk's beside our rows, and how an entry and a row are compared. */
export interface Comparison<T extends { readonly clerkId: string; readonly version: number }, R> {
  readonly kind: Drift['kind']
  readonly ours: CompleteListing<T>['ours']
  readonly each: () => AsyncIterable<T>
  readonly find: CompleteListing<T>['find']
  /** Our rows of these entries, deleted ones too. */
  readonly rowsOf: (snapshots: readonly T[]) => Promise<readonly R[]>
  /** Names of the synced fields that the entry carries and the row has otherwise. */
  readonly differing: (row: R, snapshot: T) => readonly string[]
  /** Writes an entry; answers the row as it is then. */
  readonly apply: (snapshot: T) => Promise<R>
  readonly remove: (id: string, at: number) => Promise<unknown>
  /** Of a membership. */
  readonly member?: (id: string) => { readonly orgId: string; readonly userId: string } | undefined
}

export type MutableDriftCounts = { -readonly [K in keyof DriftCounts]: DriftCounts[K] }

export const NO_DRIFT: DriftCounts = Object.freeze({
  ...{ compared: 0, missingHere: 0, goneAtClerk: 0, different: 0, deletedHere: 0 },
  ...{ repaired: 0, left: 0, leftBecause: null },
})

const COUNTED = {
  'missing-here': 'missingHere',
  'gone-at-clerk': 'goneAtClerk',
  different: 'different',
  'deleted-here': 'deletedHere',
} as const satisfies Readonly<Record<Drift['drift'], keyof DriftCounts>>

/**
 * Finds in what our rows and a complete listing differ, both ways, and repairs it where that is asked for. `counts` grows
 * meanwhile, so that a reconciliation that is stopped knows what it did.
 *
 * @param counts a copy of {@link NO_DRIFT}
 * @throws {StoppedError} before anything is ended that the rest of the listing may have
 */
export async function reconcileListing<
  T extends { readonly clerkId: string; readonly version: number },
  R extends ComparedRow,
>(
  comparison: Comparison<T, R>,
  counts: MutableDriftCounts,
  settings: ReconcileOptions & {
    readonly now: () => number
    /** So many entries were compared. */
    readonly compared: (count: number) => Promise<unknown>
  },
): Promise<void> {
  const { kind, rowsOf, differing, member } = comparison
  const { repair = false, force = false, signal, onDrift, now, compared } = settings
  /** Of the entry in hand: what was found, and after a repair what is left of it. */
  const found = new Map<string, Pick<Drift, 'drift' | 'fields' | 'repaired'>>()

  async function tell(
    id: string,
    drift: Pick<Drift, 'drift' | 'fields' | 'repaired'>,
    leftBecause: Drift['leftBecause'] = null,
  ): Promise<void> {
    counts[COUNTED[drift.drift]]++
    if (drift.repaired) counts.repaired++
    const { orgId = null, userId = null } = member?.(id) ?? {}
    await onDrift?.({ kind, id, orgId, userId, ...drift, leftBecause })
  }

  function driftOf(row: R | undefined, snapshot: T): Pick<Drift, 'drift' | 'fields' | 'repaired'> | null {
    if (row === undefined) return { drift: 'missing-here', fields: [], repaired: false }
    if (row.deletedAt != null) return { drift: 'deleted-here', fields: [], repaired: false }
    // An event that came meanwhile knows more than the listing.
    if (row.version > snapshot.version) return null
    const fields = differing(row, snapshot)
    return fields.length === 0 ? null : { drift: 'different', fields, repaired: false }
  }

  async function* each(): AsyncGenerator<T, void, undefined> {
    for await (const batch of inBatches(untilAborted(comparison.each(), signal), MAX_BATCH)) {
      const rows = new Map((await rowsOf(batch)).map((row) => [row.clerkId, row]))
      for (const snapshot of batch) {
        if (signal?.aborted === true) throw new StoppedError('Stopped by its signal.')
        const { clerkId } = snapshot
        const drift = driftOf(rows.get(clerkId), snapshot)
        if (drift !== null) found.set(clerkId, drift)
        yield snapshot
        const told = found.get(clerkId)
        if (told !== undefined) await tell(clerkId, told)
        found.delete(clerkId)
        counts.compared++
      }
      await compared(batch.length)
    }
  }

  async function apply(snapshot: T): Promise<void> {
    const drift = found.get(snapshot.clerkId)
    // What the listing lacked and a request by id found is written as it is: the next reconciliation compares it.
    const [row] = drift === undefined ? await rowsOf([snapshot]) : []
    const before = drift ?? driftOf(row, snapshot)
    if (before === null || before.drift === 'deleted-here') return
    const written = await comparison.apply(snapshot)
    const deleted = written.deletedAt != null
    const rest = written.version > snapshot.version || deleted ? [] : differing(written, snapshot)
    if (drift === undefined) return
    found.set(snapshot.clerkId, {
      drift: deleted ? 'deleted-here' : before.drift,
      fields: rest.length > 0 ? rest : before.fields,
      repaired: rest.length === 0 && !deleted,
    })
  }

  const { ours, find, remove } = comparison
  const gone = { drift: 'gone-at-clerk', fields: [], repaired: repair } as const
  const { ended, left, leftBecause } = await readCompleteListing<T>(
    {
      ours,
      each,
      find,
      apply,
      async remove(id, at) {
        if (signal?.aborted === true) throw new StoppedError('Stopped by its signal.')
        await remove(id, at)
        await tell(id, gone)
      },
    },
    // The caller has proved it before anything was read.
    { force, now, dryRun: !repair, proof: async () => 'proven' },
  )
  if (!repair) for (const id of ended) await tell(id, gone)
  for (const id of left) await tell(id, { ...gone, repaired: false }, leftBecause)
  counts.left += left.length
  counts.leftBecause ??= leftBecause
}

/**
 * Names of the fields that differ of those that a snapshot carries. What the store has no column for is left out.
 *
 * @param carried what the row should have; `undefined`: not carried
 */
export function differingFields(
  row: object,
  carried: Readonly<Record<string, unknown>>,
  unstored: readonly string[] = [],
): readonly string[] {
  const stored = new Map<string, unknown>(Object.entries(row))
  return Object.entries(carried)
    .filter(([field, value]) => value !== undefined && stored.has(field) && !unstored.includes(field))
    .filter(([field, value]) => !isSame(stored.get(field), storable(value)))
    .map(([field]) => field)
}

/** Databases answer JSON without prototypes and with its keys in an order of their own. */
function isSame(stored: unknown, given: unknown): boolean {
  if (typeof stored !== 'object' || typeof given !== 'object') return (stored ?? null) === given
  return isDeepStrictEqual(plain(stored), plain(given))
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
