import type { Claim, Inbox } from '../../domain/store/inbox.js'
import { exponential } from '../../ground/timing/backoff.js'

/** Another caller has claimed the event since, or it was finished or discarded: what is left of it is not ours to do. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/** A claimed event. Every method but `release` throws {@link LeaseLostError}, and whatever the store throws. */
export interface Lease {
  /** Names of the handlers that have succeeded. */
  readonly succeeded: readonly string[]
  /** Makes sure that the event is held for so much longer. */
  ensure(ms: number): Promise<void>
  /** The handler of this name need not run again. */
  note(handler: string): Promise<void>
  finish(): Promise<void>
  /** Gives the event back after a failure, to be tried again later. Never rejects. */
  release(error: string): Promise<void>
}

/** What failed once may succeed at once; what fails on and on is left alone for an hour at the most. */
const RETRY_SECONDS = 5
const LONGEST_RETRY_SECONDS = 3600

type Claimed = Extract<Claim, { status: 'claimed' }>

/** @param claim `null`: without an inbox nothing is remembered, and every delivery is the first */
export function createLease({
  inbox,
  id,
  claim,
  leaseMs,
}: {
  readonly inbox: Inbox | null
  readonly id: string
  readonly claim: Claimed | null
  readonly leaseMs: number
}): Lease {
  if (inbox === null || claim === null) return UNCLAIMED
  const { owner, attempts, succeeded } = claim
  const until = performance.now() + leaseMs

  function held(isHeld: boolean): void {
    if (!isHeld) throw new LeaseLostError(`The lease of the event ${id} was lost.`)
  }

  return {
    succeeded,
    async ensure(ms) {
      if (performance.now() + ms > until) held(await inbox.renew(id, owner, Math.max(leaseMs, ms)))
    },
    note: async (handler) => held(await inbox.succeeded(id, owner, handler)),
    finish: async () => held(await inbox.finish(id, owner, 'done')),
    async release(error) {
      // Up to a fifth earlier, so that many events that failed together do not come back together.
      const seconds = exponential(attempts, RETRY_SECONDS, LONGEST_RETRY_SECONDS) * (1 - Math.random() / 5)
      const release = () => inbox.release(id, owner, { error, retryAfterMs: Math.round(seconds * 1000) })
      // A lease that is not given back keeps Svix's next attempt out. Where the store is down it runs out by itself.
      await release().catch(() => release().catch(() => undefined))
    },
  }
}

const UNCLAIMED: Lease = {
  succeeded: [],
  ensure: async () => undefined,
  note: async () => undefined,
  finish: async () => undefined,
  release: async () => undefined,
}
