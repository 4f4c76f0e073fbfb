import { setTimeout as sleep } from 'node:timers/promises'
import { toStoreError } from '../client/errors.js'

/** How long one operation competes with other writers before it is an outage; SQLite has one writer at a time. */
const CONTENTION_MS = 10_000
const LONGEST_WAIT_MS = 100

/**
 * Runs one operation of a store: repeats it when another writer was in its way, and turns what Prisma throws into the
 * errors of the contract. Every operation can be repeated as a whole. Not in a transaction, which has failed by then.
 */
export async function operation<T>(
  work: () => Promise<T>,
  { repeat, isContention }: { repeat: boolean; isContention: (error: unknown) => boolean },
): Promise<T> {
  const end = performance.now() + CONTENTION_MS
  for (let repeats = 0; ; repeats++) {
    try {
      return await work()
    } catch (error) {
      if (!repeat || !isContention(error) || performance.now() > end) throw toStoreError(error)
      await sleep(Math.random() * Math.min(2 ** repeats, LONGEST_WAIT_MS))
    }
  }
}
