import { setTimeout as sleep } from 'node:timers/promises'
import { isContention, toStoreError } from './errors.js'

/** How long one operation competes with other writers before it is an outage; SQLite has one writer at a time. */
const CONTENTION_MS = 10_000
const LONGEST_WAIT_MS = 100

/** Every public method of a store runs in it. */
export type Run = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Repeats an operation that another writer was in the way of. Every operation can be repeated as a whole; not in a
 * transaction, which has failed by then.
 */
export const repeating =
  (repeat: boolean): Run =>
  async (work) => {
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
