import { setTimeout as sleep } from 'node:timers/promises'
import { isContention, toStoreError } from '../client/errors.js'

const MOST_REPEATS = 8

/**
 * Runs one operation of a store: repeats it when another writer was in its way, and turns what Prisma throws into the
 * errors of the contract. Every operation can be repeated as a whole. Not in a transaction, which is lost by then.
 */
export async function operation<T>(work: () => Promise<T>, inTransaction: boolean): Promise<T> {
  for (let repeats = 0; ; repeats++) {
    try {
      return await work()
    } catch (error) {
      if (inTransaction || repeats === MOST_REPEATS || !isContention(error)) throw toStoreError(error)
      await sleep(Math.random() * 2 ** repeats)
    }
  }
}
