import { MARKER_SECONDS, readMarker, type SessionMarker } from './marker.js'

/**
 * What renewing the id of a session needs of a framework's store. Stores have `get`, `set` and `destroy`, and nothing that
 * compares and sets.
 */
export interface SessionRows {
  /** Requests of one process that renew the same id in the same store meet. */
  readonly store: object
  readonly id: string
  /** The browser sent this id, and the store had it: other requests may hold it too. */
  readonly shared: boolean
  /** Stores the session under its new id, with what is kept. */
  create(): Promise<unknown>
  /** Drops what `create` has stored. */
  discard(): Promise<unknown>
  /** What our place in the old row holds now: `undefined` where there is no row. */
  held(): Promise<unknown>
  /** Puts the marker, and nothing else, in place of the old row, for a minute. */
  mark(marker: SessionMarker): Promise<unknown>
  /** Drops the old row. */
  drop(): Promise<unknown>
}

/** What a request does that has come to a step of a renewal. */
export type RenewalStep = 'go-on' | 'concede'

/** Before it marks the old row: has another request moved the session, or ended it? */
export function beforeMarking(held: unknown): RenewalStep {
  return held === undefined || readMarker(held) !== null ? 'concede' : 'go-on'
}

/** After it has marked the old row: was it the last to do so? A row that is gone was ended meanwhile. */
export function afterMarking(held: unknown, own: SessionMarker): RenewalStep {
  return readMarker(held)?.movedBy === own.movedBy ? 'go-on' : 'concede'
}

/** The renewals of this process that are under way: by store, by old id. */
const underWay = new WeakMap<object, Map<string, SessionMarker>>()

/**
 * Moves a session to a new id, once for however many requests ask at the same time. The new row is there before the old
 * one is marked: a process that ends in between loses nothing.
 *
 * In one process exactly one request wins. Of several processes more than one can win only where one of them stalls
 * between reading the old row and marking it for longer than another one needs to mark it and read it again; each of
 * them then has the whole session.
 *
 * @returns `false`: another request has moved or ended it, and nothing of this one is left
 * @throws what the store throws before the old row is marked
 */
export async function renewRow(
  rows: SessionRows,
  marker: SessionMarker,
  signal: AbortSignal,
): Promise<boolean> {
  if (!rows.shared) {
    await rows.create()
    if (signal.aborted) return abandon(rows, signal)
    await rows.drop()
    return true
  }
  const here = underWay.get(rows.store) ?? new Map<string, SessionMarker>()
  underWay.set(rows.store, here)
  const other = here.get(rows.id)
  // One whose store never answered must not keep the id for ever.
  if (other !== undefined && other.until > marker.until - MARKER_SECONDS) return false
  here.set(rows.id, marker)
  try {
    return await move(rows, marker, signal)
  } finally {
    if (here.get(rows.id) === marker) here.delete(rows.id)
  }
}

async function move(rows: SessionRows, marker: SessionMarker, signal: AbortSignal): Promise<boolean> {
  await rows.create()
  if (signal.aborted) return abandon(rows, signal)
  let held: unknown
  try {
    held = await rows.held()
  } catch (error) {
    await discarded(rows)
    throw error
  }
  if (signal.aborted) return abandon(rows, signal)
  if (beforeMarking(held) === 'concede') {
    await discarded(rows)
    return false
  }
  const last = await lastToMark(rows, marker)
  if (!last) await discarded(rows)
  return last
}

/** From here on the old row may be marked: a failure must not cost the session its new row. */
async function lastToMark(rows: SessionRows, marker: SessionMarker): Promise<boolean> {
  try {
    await rows.mark(marker)
    return afterMarking(await rows.held(), marker) === 'go-on'
  } catch {
    return true
  }
}

/** The caller was answered when its time was over. */
async function abandon(rows: SessionRows, signal: AbortSignal): Promise<never> {
  await discarded(rows)
  throw signal.reason
}

/** A row that cannot be dropped ends with the store's own lifetime; the answer does not depend on it. */
async function discarded(rows: SessionRows): Promise<void> {
  try {
    await rows.discard()
  } catch {
    // Nothing else can be done about it.
  }
}
