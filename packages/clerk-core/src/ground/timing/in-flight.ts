import { withTimeout } from './timeout.js'

/** What this process has begun and not ended. */
export interface InFlight {
  /** Returns the promise itself: no step is added to what a request waits for. */
  track<T>(work: Promise<T>): Promise<T>
  /** Resolves when nothing is under way any more, or after `limitMs`. Never rejects. */
  idle(limitMs: number): Promise<void>
}

export function createInFlight(): InFlight {
  const underWay = new Set<Promise<unknown>>()

  async function untilNone(): Promise<void> {
    // What ends may have begun something else.
    while (underWay.size > 0) await Promise.allSettled(underWay)
  }

  return {
    track(work) {
      underWay.add(work)
      const end = () => void underWay.delete(work)
      work.then(end, end)
      return work
    },
    idle: (limitMs) => withTimeout(limitMs, untilNone).catch(() => undefined),
  }
}
