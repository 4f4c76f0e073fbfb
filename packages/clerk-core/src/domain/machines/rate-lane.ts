/** Requests to Clerk at a time. */
const CONCURRENT = 8
/** Waiting for their turn; beyond that a credential is turned away at once. */
const QUEUED = 64
/** Of those, from one client: it does not keep the others from waiting. */
const QUEUED_PER_SPENDER = 16
export const WINDOW_MS = 10_000

/** What a client, or a whole lane, has under way and has spent. Times in milliseconds, oldest first. */
export interface Spender {
  active: number
  waiting: number
  spentAt: number[]
}

/**
 * What came of a turn. `free`: Clerk confirmed the credential, or was not asked. `refused`: counts for the lane and the
 * client. `unavailable`: counts for the lane; the client is not to blame.
 */
export type TurnResult = 'free' | 'refused' | 'unavailable'

export interface Turn {
  leave(result: TurnResult): void
}

export interface Lane {
  /** Waits while others may still give back what they hold. `null`: turned away. @param spender `null`: client not known */
  enter(spender: Spender | null): Promise<Turn | null>
  /** Milliseconds until one more would be let in; 0: now, or as soon as another one is done. */
  freeInMs(): number
}

/** A budget per window of ten seconds, spent by credentials that turn out to be refused. Never uses a timer. */
export function createLane(limits: {
  readonly budget: number
  readonly budgetPerSpender: number
  readonly now: () => number
}): Lane {
  const { budget, budgetPerSpender, now } = limits
  const all: Spender = { active: 0, waiting: 0, spentAt: [] }
  const queue: { readonly spender: Spender | null; readonly resolve: (turn: Turn | null) => void }[] = []

  return {
    async enter(spender) {
      const verdict = decide(spender)
      if (verdict === 'go') return begin(spender)
      if (verdict === 'away' || queue.length >= QUEUED) return null
      if (spender !== null && spender.waiting >= QUEUED_PER_SPENDER) return null
      if (spender !== null) spender.waiting++
      return new Promise((resolve) => queue.push({ spender, resolve }))
    },
    freeInMs: () => freeInMs(all, budget),
  }

  function decide(spender: Spender | null): 'go' | 'wait' | 'away' {
    const spent = spentBy(all)
    const spentHere = spender === null ? 0 : spentBy(spender)
    if (spent >= budget || spentHere >= budgetPerSpender) return 'away'
    const busy =
      all.active >= CONCURRENT ||
      spent + all.active >= budget ||
      (spender !== null && spentHere + spender.active >= budgetPerSpender)
    return busy ? 'wait' : 'go'
  }

  function begin(spender: Spender | null): Turn {
    all.active++
    if (spender !== null) spender.active++
    return {
      leave(result) {
        all.active--
        if (result !== 'free') all.spentAt.push(now())
        if (spender !== null) {
          spender.active--
          if (result === 'refused') spender.spentAt.push(now())
        }
        advance()
      },
    }
  }

  /** Asks again for each that waits, in the order in which they came. */
  function advance(): void {
    for (const waiting of queue.splice(0)) {
      const { spender, resolve } = waiting
      const verdict = decide(spender)
      if (verdict === 'wait') {
        queue.push(waiting)
        continue
      }
      if (spender !== null) spender.waiting--
      resolve(verdict === 'go' ? begin(spender) : null)
    }
  }

  /** What lies in the future was spent before the clock was set back, and is forgotten. */
  function spentBy(spender: Spender): number {
    const at = now()
    spender.spentAt = spender.spentAt.filter((spent) => at - spent < WINDOW_MS && spent <= at)
    return spender.spentAt.length
  }

  function freeInMs(spender: Spender, limit: number): number {
    if (spentBy(spender) < limit) return 0
    const oldest = spender.spentAt[spender.spentAt.length - limit] ?? now()
    return oldest + WINDOW_MS - now()
  }
}
