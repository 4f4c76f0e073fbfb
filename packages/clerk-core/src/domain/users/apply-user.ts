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
}): (
  snapshot: UserSnapshot,
  by: SnapshotSource,
) => Promise<{ readonly user: U; readonly outcome: ApplyOutcome }> {
  return async (snapshot, by) => {
    const linked = await link(snapshot)
    if (linked !== null) return { user: linked, outcome: 'updated' }
    const applied = await store.apply(snapshot)
    if (applied.outcome === 'created') {
      observer.emit('user.provisioned', { userId: snapshot.clerkId, by, outcome: applied.outcome })
    }
    return applied
  }

  /** Each way in the order of the option; a way that finds nothing, or a row that may not be linked, leaves it to the next. */
  async function link(snapshot: UserSnapshot): Promise<U | null> {
    for (const by of linking) {
      const linked = await linkBy(by, snapshot)
      if (linked !== null) return linked
    }
    return null
  }

  async function linkBy(by: LinkBy, snapshot: UserSnapshot): Promise<U | null> {
    const key = LINK_KEYS[by](snapshot)
    if (key === null || store.findLinkable === undefined || store.link === undefined) return null
    for (let attempt = 0; attempt < LINK_ATTEMPTS; attempt++) {
      // The choice is made once, by the first snapshot stored: a user who has a row, deleted or not, keeps it.
      if ((await store.findByClerkId(snapshot.clerkId)) !== null) return null
      const row = linkCandidate(key, await store.findLinkable(key))
      if (row === null || !(await allowed(row, snapshot, by))) return null
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
