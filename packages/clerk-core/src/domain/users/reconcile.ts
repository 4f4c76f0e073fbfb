import { orAborted, StoppedError } from '../../ground/timing/until-aborted.js'
import type { BulkProgress, ReconcileOptions } from '../backend-api/bulk.js'
import type { ClerkApi } from '../backend-api/clerk-api.js'
import type { InstanceProof } from '../backend-api/complete-listing.js'
import { type Comparison, NO_DRIFT, reconcileListing } from '../backend-api/drift.js'
import { refuseOtherInstance } from '../backend-api/whose-key.js'
import type { Tell } from '../changes/tell.js'
import { everyRow } from '../store/every-row.js'
import { MAX_BATCH } from '../store/rules/batch.js'
import { narrowsUser } from '../store/rules/sign-in.js'
import type { UserRecord, UserSnapshot, UserStore } from '../store/user.js'
import type { UserWrites } from './apply-user.js'
import type { UserReconciliation } from './bulk.js'
import { differingUserFields } from './differing.js'
import { findUsers } from './find-users.js'

/** `clerk.users.reconcile`: all rows beside a complete listing of Clerk's. */
export function createUserReconcile<U extends UserRecord>(parts: {
  readonly store: UserStore<U>
  readonly directory: Pick<UserWrites<U>, 'applySnapshot' | 'remove'>
  /** One that waits for its turn. */
  readonly api: Pick<ClerkApi, 'eachUser' | 'listUsers' | 'countUsers'>
  readonly proof: () => Promise<InstanceProof>
  readonly tell: Tell
  /** Milliseconds. */
  readonly now: () => number
  readonly privateMetadata: boolean
}): (options?: ReconcileOptions) => Promise<UserReconciliation> {
  const { store, directory, api, proof, tell, now, privateMetadata } = parts

  return async (options = {}) => {
    const { signal, onProgress } = options
    let total: BulkProgress['total'] = null
    const counts = { ...NO_DRIFT }
    let done = 0
    const compared = async (count: number) => {
      done += count
      await onProgress?.({ done, total })
    }
    try {
      await refuseOtherInstance(proof, { allowUnproven: false, signal })
      if (onProgress !== undefined) total = await orAborted(api.countUsers(), signal)
      await reconcileListing(await comparison(), counts, { ...options, now, compared })
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error
      return { ...counts, complete: false }
    }
    return { ...counts, complete: true }
  }

  async function comparison(): Promise<Comparison<UserSnapshot, U>> {
    const unstored = (await store.unstored?.()) ?? []
    return {
      kind: 'user',
      ours: async () => {
        const ids: string[] = []
        for await (const row of everyRow(store.list, 'users'))
          if (row.clerkId !== null && row.deletedAt === null) ids.push(row.clerkId)
        return ids
      },
      each: () => api.eachUser({}, { privateMetadata }),
      find: (userId) => api.listUsers({ userId }, { privateMetadata, limit: MAX_BATCH }),
      rowsOf: async (snapshots) => [
        ...(
          await findUsers(
            store,
            snapshots.map(({ clerkId }) => clerkId),
          )
        ).values(),
      ],
      differing: (row, snapshot) => differingUserFields(row, snapshot, unstored),
      async apply(snapshot) {
        const { clerkId, version } = snapshot
        if (narrowsUser(snapshot)) await tell('user.forgotten', clerkId, { subject: clerkId, version })
        const { user, outcome } = await directory.applySnapshot(snapshot, 'api')
        if (outcome === 'updated') await tell('user.forgotten', clerkId)
        return user
      },
      async remove(id, at) {
        await tell('user.ended', id)
        await directory.remove(id, at)
        await tell('user.forgotten', id)
      },
    }
  }
}
