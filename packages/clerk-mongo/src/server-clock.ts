import { StoreFaultError } from '@acme/clerk-core/store'
import type { MongoDatabase } from './driver.js'

/** Servers before 4.4.2 have `isMaster` alone, which is none of the commands of the Stable API (`CommandNotFound`). */
const isUnknownCommand = (error: unknown) => error instanceof Error && 'code' in error && error.code === 59

/** The time of the server that takes the writes; milliseconds. */
export type ServerClock = () => Promise<number>

/**
 * Asks the server for its time, for what an update cannot reckon itself: when a lease ends, what is due. It is asked for
 * every time, since a clock of this process may be wrong, be set, or stand still while the process sleeps. What is answered
 * has passed when it is used, by the time of a round trip or more: a lease is never longer than it was asked for.
 */
export function serverClock(database: MongoDatabase): ServerClock {
  let knowsHello = true
  async function ask(): Promise<{ readonly localTime?: unknown }> {
    if (!knowsHello) return database.command({ isMaster: 1 })
    try {
      return await database.command({ hello: 1 })
    } catch (error) {
      if (!isUnknownCommand(error)) throw error
      knowsHello = false
      return ask()
    }
  }
  return async () => {
    const answer = await ask()
    if (answer.localTime instanceof Date) return answer.localTime.getTime()
    throw new StoreFaultError({
      ...{ fault: 'missing', driverCode: 'hello', model: 'the database' },
      remedy: 'The server must tell its time, as `localTime`, when it is asked `hello`.',
    })
  }
}
