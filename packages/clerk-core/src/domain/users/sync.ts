import { concernsEveryRow, StoreInputError } from '../../ground/errors.js'
import { inBatches, orAborted, StoppedError, untilAborted } from '../../ground/timing/until-aborted.js'
import type { BulkProgress } from '../backend-api/bulk.js'
import type { ClerkApi, UserFilter } from '../backend-api/clerk-api.js'
import type { InstanceProof } from '../backend-api/complete-listing.js'
import { checkRange, createTally, listOf, ranged, type Tally } from '../backend-api/tally.js'
import { refuseOtherInstance } from '../backend-api/whose-key.js'
import type { Tell } from '../changes/tell.js'
import { decideApply } from '../store/rules/convergence.js'
import { narrowsUser } from '../store/rules/sign-in.js'
import { isBareUser } from '../store/rules/tombstone.js'
import type { UserRecord, UserSnapshot, UserStore } from '../store/user.js'
import type { BulkOutcome, UserWrites } from './apply-user.js'
import type { SyncUsersOptions, UserSync } from './bulk.js'
import { differingUserFields } from './differing.js'
import { findUsers } from './find-users.js'

/** Rows that go into one call of the store: far below what it takes, since the call has the time limit of any other. */
const BATCH = 200
/** Ids or addresses in one question of Clerk. */
const ASKED_AT_ONCE = 100

/** `clerk.users.sync`: Clerk's users, applied as webhooks are. */
export function createUserSync<U extends UserRecord>(parts: {
  readonly store: UserStore<U>
  readonly directory: Pick<UserWrites<U>, 'applyMany' | 'applySnapshot' | 'linkCandidate'>
  /** One that waits for its turn. */
  readonly api: Pick<ClerkApi, 'eachUser' | 'countUsers'>
  readonly proof: () => Promise<InstanceProof>
  readonly tell: Tell
  readonly privateMetadata: boolean
}): (options?: SyncUsersOptions) => Promise<UserSync> {
  const { store, directory, api, proof, tell, privateMetadata } = parts

  return async (options = {}) => {
    checkRange(options)
    const filter = filterOf(options)
    const { signal } = options
    const tally = createTally(options)
    try {
      await refuseOtherInstance(proof, { allowUnproven: true, signal })
      tally.expect(await orAborted(totalOf(options, filter), signal))
      const users = ranged(untilAborted(listing(options, filter, tally), signal), options)
      for await (const batch of inBatches(users, BATCH)) {
        await (options.dryRun === true ? foresee(batch, tally) : write(batch, tally))
        await tally.progress()
      }
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error
      return { ...tally.counts('user'), complete: false }
    }
    return { ...tally.counts('user'), complete: true }
  }

  async function totalOf(
    { id, email, limit, offset = 0, onProgress }: SyncUsersOptions,
    filter: UserFilter,
  ): Promise<BulkProgress['total']> {
    if (onProgress === undefined || email !== undefined) return null
    const all = id === undefined ? await api.countUsers(filter) : listOf(id).length
    return Math.min(Math.max(0, all - offset), limit ?? all)
  }

  async function* listing(
    { id, email }: SyncUsersOptions,
    filter: UserFilter,
    tally: Tally,
  ): AsyncGenerator<UserSnapshot, void, undefined> {
    const read = { privateMetadata }
    if (id !== undefined) {
      for await (const ids of inBatches(new Set(listOf(id)), ASKED_AT_ONCE)) {
        const missing = new Set(ids)
        for await (const user of api.eachUser({ ...filter, userId: ids }, read)) {
          missing.delete(user.clerkId)
          yield user
        }
        for (const clerkId of missing) await tally.add('user', clerkId, 'missing')
      }
    } else if (email !== undefined) {
      for await (const addresses of inBatches(new Set(listOf(email)), ASKED_AT_ONCE))
        yield* api.eachUser({ ...filter, emailAddress: addresses }, read)
    } else {
      yield* api.eachUser(filter, read)
    }
  }

  async function write(batch: readonly UserSnapshot[], tally: Tally): Promise<void> {
    await tellNarrowings(batch)
    for (const [index, outcome] of (await applied(batch)).entries()) {
      const { clerkId } = batch[index] as UserSnapshot
      if (typeof outcome === 'object') await tally.failed('user', clerkId, outcome.error)
      else await tally.add('user', clerkId, outcome)
    }
  }

  /** Nothing that a process may have cached was there before what is new or linked. */
  async function tellWritten(clerkId: string, outcome: BulkOutcome): Promise<void> {
    if (outcome === 'updated') await tell('user.forgotten', clerkId)
  }

  /**
   * Where the store refuses one of them, it is found out which. What was written is told before anything else: a callback of the
   * application's may throw, and the store may be gone for the next row.
   */
  async function applied(
    batch: readonly UserSnapshot[],
  ): Promise<readonly (BulkOutcome | { readonly error: unknown })[]> {
    const many = await attempted(() => directory.applyMany(batch, 'api'))
    if (!('error' in many)) {
      for (const [index, outcome] of many.entries())
        await tellWritten((batch[index] as UserSnapshot).clerkId, outcome)
      return many
    }
    const outcomes: (BulkOutcome | { readonly error: unknown })[] = []
    for (const snapshot of batch) {
      const one = await attempted(() => directory.applySnapshot(snapshot, 'api'))
      if ('error' in one) {
        outcomes.push(one)
        continue
      }
      const outcome = one.linked ? 'linked' : one.outcome
      await tellWritten(snapshot.clerkId, outcome)
      outcomes.push(outcome)
    }
    return outcomes
  }

  /** Before the rows: it takes effect even if they cannot be written. A row that says the same already narrows nothing. */
  async function tellNarrowings(batch: readonly UserSnapshot[]): Promise<void> {
    const narrowing = batch.filter(narrowsUser)
    if (narrowing.length === 0) return
    const rows = await findUsers(
      store,
      narrowing.map(({ clerkId }) => clerkId),
    )
    for (const { clerkId, version } of narrowing) {
      const row = rows.get(clerkId)
      if (row !== undefined && row.version >= version && narrowsUser(row)) continue
      await tell('user.forgotten', clerkId, { subject: clerkId, version })
    }
  }

  /** What `write` would do. A unique value that another row has is not looked for. */
  async function foresee(batch: readonly UserSnapshot[], tally: Tally): Promise<void> {
    const rows = await findUsers(
      store,
      batch.map(({ clerkId }) => clerkId),
    )
    const unstored = (await store.unstored?.()) ?? []
    for (const snapshot of batch) {
      const { clerkId, version } = snapshot
      const row = rows.get(clerkId)
      const decision = decideApply(
        row === undefined ? null : { version: row.version, isBare: isBareUser({ ...(row as UserRecord) }) },
        version,
      )
      const outcome =
        decision === 'write' && row !== undefined
          ? row.version === version && differingUserFields(row, snapshot, unstored).length === 0
            ? 'unchanged'
            : 'updated'
          : decision === 'stale' || decision === 'unchanged'
            ? decision
            : (await directory.linkCandidate(snapshot)) === null
              ? 'created'
              : 'linked'
      await tally.add('user', clerkId, outcome)
    }
  }
}

/** What was written, or why it was not. @throws what concerns every row */
async function attempted<T extends object>(
  write: () => Promise<T>,
): Promise<T | { readonly error: unknown }> {
  try {
    return await write()
  } catch (error) {
    if (concernsEveryRow(error)) throw error
    return { error }
  }
}

/** @throws {StoreInputError} for what is no time */
function filterOf({ createdAfter }: SyncUsersOptions): UserFilter {
  if (createdAfter === undefined) return {}
  const createdAtAfter = Number(createdAfter)
  if (!Number.isSafeInteger(createdAtAfter) || createdAtAfter < 0) {
    throw new StoreInputError('createdAfter must be a time: milliseconds, or a valid date.')
  }
  return { createdAtAfter }
}
