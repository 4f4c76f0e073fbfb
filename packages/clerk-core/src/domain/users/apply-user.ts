import { nameOf } from '../../ground/error-name.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { TimeoutError, withTimeout } from '../../ground/timing/timeout.js'
import type { ApplyOutcome, LinkBy, UserRecord, UserSnapshot, UserStore } from '../store/user.js'
import { LINK_KEYS, linkCandidate, mayBeLinked } from './linking.js'
import type { CanLink } from './policy.js'

/** Who brought a snapshot. */
export type SnapshotSource = 'api' | 'claims' | 'webhook'

export interface AppliedUser<U extends UserRecord> {
  readonly user: U
  readonly outcome: ApplyOutcome
  /** A local row without Clerk id got it. */
  readonly linked: boolean
}

export type BulkOutcome = ApplyOutcome | 'linked'

/** What the directory writes: what it does drops what is cached here of the row. */
export interface UserWrites<U extends UserRecord> {
  /** @throws {StoreUnavailableError} */
  applySnapshot(snapshot: UserSnapshot, by: SnapshotSource): Promise<AppliedUser<U>>
  /** The same for up to 500. @throws {StoreUnavailableError}; some of them may be written then */
  applyMany(snapshots: readonly UserSnapshot[], by: SnapshotSource): Promise<BulkOutcome[]>
  /** The local row that a snapshot would be linked to; `null`: none. @throws {StoreUnavailableError} */
  linkCandidate(snapshot: UserSnapshot): Promise<U | null>
  /** @param at milliseconds @throws {StoreUnavailableError} */
  remove(clerkId: string, at: number): Promise<U>
}

export interface ApplyUser<U extends UserRecord> {
  readonly apply: (snapshot: UserSnapshot, by: SnapshotSource) => Promise<AppliedUser<U>>
  /** The same for up to 500, in their order. A call that rejects may have written some of them. */
  readonly applyMany: (snapshots: readonly UserSnapshot[], by: SnapshotSource) => Promise<BulkOutcome[]>
  /** The row that would be linked; `null`: none. Writes nothing. */
  readonly candidate: (snapshot: UserSnapshot) => Promise<U | null>
}

/** How often a lost race for a link is tried again; each loss means that another process made progress. */
const LINK_ATTEMPTS = 3

/**
 * Stores a snapshot, by linking it to a local row where the policy allows. The only place where rows are made, so
 * that provisioning, webhooks and syncs link alike.
 *
 * @throws {StoreUnavailableError}
 */
export function createApplyUser<U extends UserRecord>({
  store,
  linking,
  canLink = mayBeLinked,
  observer,
  timeoutSeconds,
}: {
  store: UserStore<U>
  linking: ResolvedOptions['linking']
  canLink: CanLink<U> | undefined
  observer: Observer
  /** For `canLink`, which most often asks the store's database. */
  timeoutSeconds: number
}): ApplyUser<U> {
  async function apply(snapshot: UserSnapshot, by: SnapshotSource): Promise<AppliedUser<U>> {
    const linked = await link(snapshot)
    if (linked !== null) return { user: linked, outcome: 'updated', linked: true }
    const applied = await store.apply(snapshot)
    provisioned(snapshot, by, applied.outcome)
    return { ...applied, linked: false }
  }

  /** Whom no row may be linked to, the store takes at once; the others one by one, and each run of either in its place. */
  async function applyMany(snapshots: readonly UserSnapshot[], by: SnapshotSource): Promise<BulkOutcome[]> {
    const mayLink = await linkable(snapshots)
    const outcomes: BulkOutcome[] = []
    for (let at = 0; at < snapshots.length; ) {
      const [first] = snapshots.slice(at, at + 1)
      if (first === undefined) break
      if (store.applyMany === undefined || mayLink(first)) {
        const { linked, outcome } = await apply(first, by)
        outcomes.push(linked ? 'linked' : outcome)
        at++
        continue
      }
      const next = snapshots.findIndex((snapshot, index) => index > at && mayLink(snapshot))
      const run = snapshots.slice(at, next === -1 ? undefined : next)
      const applied = await store.applyMany(run)
      for (const [index, snapshot] of run.entries()) provisioned(snapshot, by, applied[index] ?? 'unchanged')
      outcomes.push(...applied)
      at += run.length
    }
    return outcomes
  }

  function provisioned({ clerkId }: UserSnapshot, by: SnapshotSource, outcome: ApplyOutcome): void {
    if (outcome === 'created') observer.emit('user.provisioned', { userId: clerkId, by, outcome })
  }

  /** Who has a row keeps it: the others are looked for, where their snapshots say by what. */
  async function linkable(snapshots: readonly UserSnapshot[]): Promise<(snapshot: UserSnapshot) => boolean> {
    const named = snapshots.filter((snapshot) => linking.some((by) => LINK_KEYS[by](snapshot) !== null))
    if (named.length === 0 || store.findLinkable === undefined) return () => false
    const ids = new Set(named.map(({ clerkId }) => clerkId))
    for (const { clerkId } of (await store.findMany?.([...ids])) ?? [])
      if (clerkId !== null) ids.delete(clerkId)
    return ({ clerkId }) => ids.has(clerkId)
  }

  return { apply, applyMany, candidate }

  /** Each way in the order of the option; a way that finds nothing, or a row that may not be linked, leaves it to the next. */
  async function link(snapshot: UserSnapshot): Promise<U | null> {
    for (const by of linking) {
      const linked = await linkBy(by, snapshot)
      if (linked !== null) return linked
    }
    return null
  }

  async function candidate(snapshot: UserSnapshot): Promise<U | null> {
    for (const by of linking) {
      const row = await candidateBy(by, snapshot)
      if (row !== null) return row
    }
    return null
  }

  async function candidateBy(by: LinkBy, snapshot: UserSnapshot): Promise<U | null> {
    const key = LINK_KEYS[by](snapshot)
    if (key === null || store.findLinkable === undefined) return null
    // The choice is made once, by the first snapshot stored: a user who has a row, deleted or not, keeps it.
    if ((await store.findByClerkId(snapshot.clerkId)) !== null) return null
    const row = linkCandidate(key, await store.findLinkable(key))
    return row !== null && (await allowed(row, snapshot, by)) ? row : null
  }

  async function linkBy(by: LinkBy, snapshot: UserSnapshot): Promise<U | null> {
    if (store.link === undefined) return null
    for (let attempt = 0; attempt < LINK_ATTEMPTS; attempt++) {
      const row = await candidateBy(by, snapshot)
      if (row === null) return null
      const linked = await store.link(row.id, snapshot, by)
      if (linked !== null) {
        observer.emit('user.linked', { userId: snapshot.clerkId, by })
        return linked
      }
    }
    return null
  }

  async function allowed(row: U, snapshot: UserSnapshot, by: LinkBy): Promise<boolean> {
    try {
      // Anything but `true` is no permission: a forgotten `await` or a truthy object must not hand a row over.
      return (await withTimeout(timeoutSeconds * 1000, () => canLink(row, snapshot, by))) === true
    } catch (error) {
      // Whether a row is linked is decided once: not by an outage.
      if (error instanceof TimeoutError) {
        throw new StoreUnavailableError(`canLink did not answer within ${timeoutSeconds} s.`)
      }
      const event = { userId: snapshot.clerkId, step: 'can-link', error: nameOf(error) } as const
      observer.emit('user.error', event, { error, data: [row, snapshot] })
      return false
    }
  }
}
