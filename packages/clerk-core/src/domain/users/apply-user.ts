import { nameOf } from '../../ground/error-name.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { ApplyOutcome, UserRecord, UserSnapshot, UserStore } from '../store/user.js'
import { linkAddress, linkCandidate, rowIsVerified } from './linking.js'
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
  canLink = rowIsVerified,
  observer,
}: {
  store: UserStore<U>
  linking: ResolvedOptions['linking']
  canLink: CanLink<U> | undefined
  observer: Observer
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

  async function link(snapshot: UserSnapshot): Promise<U | null> {
    if (linking === 'off' || store.findLinkable === undefined || store.link === undefined) return null
    const address = linkAddress(snapshot)
    if (address === null) return null
    for (let attempt = 0; attempt < LINK_ATTEMPTS; attempt++) {
      // The choice is made once, by the first snapshot stored: a user who has a row, deleted or not, keeps it.
      if ((await store.findByClerkId(snapshot.clerkId)) !== null) return null
      const row = linkCandidate(snapshot, await store.findLinkable(address))
      if (row === null || !(await allowed(row, snapshot))) return null
      const linked = await store.link(row.id, snapshot)
      if (linked !== null) {
        observer.emit('user.linked', { userId: snapshot.clerkId })
        return linked
      }
    }
    return null
  }

  async function allowed(row: U, snapshot: UserSnapshot): Promise<boolean> {
    try {
      // Anything but `true` is no permission: a forgotten `await` or a truthy object must not hand a row over.
      return (await canLink(row, snapshot)) === true
    } catch (error) {
      const event = { userId: snapshot.clerkId, step: 'can-link', error: nameOf(error) } as const
      observer.emit('user.error', event, { error, data: [row, snapshot] })
      return false
    }
  }
}
