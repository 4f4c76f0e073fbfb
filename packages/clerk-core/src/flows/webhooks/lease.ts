import type { Claim, FinishedStatus, Inbox } from '../../domain/store/inbox.js'
import { exponential } from '../../ground/timing/backoff.js'
import { Closing, type GiveUp } from '../../ground/timing/closing.js'
import { unref } from '../../ground/timing/unref.js'

/** Another caller has claimed the event since, or it was finished or discarded: what is left of it is not ours to do. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/** A claimed event, which is held until it is released or finished. */
export interface Lease {
  /** How often the event was claimed, this time included. */
  readonly attempts: number
  /** Names of the handlers that have succeeded. */
  readonly succeeded: readonly string[]
  /** Aborted with a {@link LeaseLostError} when it is known that the lease was lost. */
  readonly lost: GiveUp
  /** The handler of this name need not run again. @throws {LeaseLostError}, and whatever the store throws */
  note(handler: string): Promise<void>
  /** @throws {LeaseLostError}, and whatever the store throws */
  finish(status: FinishedStatus, reason?: string): Promise<void>
  /** Gives the event back after a failure, to be tried again after so long. Never rejects. */
  release(failure: { readonly error: string; readonly retryAfterMs: number }): Promise<void>
  /** Renews it no longer. For the end of whatever was done with it. */
  end(): void
}

/** A lease is renewed when a third of it has passed: two renewals may fail. */
const RENEWALS = 3
/** A release that failed is tried again at once, and then after so long, doubled each time, while the lease lasts. */
const RELEASE_SECONDS = 1

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
  const lost = new Closing()
  let timer = unref(setTimeout(renew, leaseMs / RENEWALS))
  let ended = false

  function held(isHeld: boolean): void {
    if (isHeld) return
    end()
    lost.abort(new LeaseLostError(`The lease of the event ${id} was lost.`))
    lost.throwIfAborted()
  }

  function end(): void {
    ended = true
    clearTimeout(timer)
  }

  /** One at a time. That the store could not be reached is no loss: what is written next is fenced. */
  function renew(): void {
    inbox
      ?.renew(id, owner, leaseMs)
      // After the end a `false` says nothing: the event was finished in the meantime.
      .then((isHeld) => ended || held(isHeld))
      .catch(() => undefined)
      .finally(() => {
        if (!ended) timer = unref(setTimeout(renew, leaseMs / RENEWALS))
      })
  }

  return {
    attempts,
    succeeded,
    lost,
    note: async (handler) => held(await inbox.succeeded(id, owner, handler)),
    finish: async (status, reason) => held(await inbox.finish(id, owner, status, reason)),
    async release(failure) {
      end()
      const release = () => inbox.release(id, owner, failure)
      // A lease that is not given back keeps Svix's next attempt out.
      await release()
        .catch(release)
        .catch(() => void releaseLater(release, performance.now() + leaseMs))
    },
    end,
  }
}

/** Nothing waits for it, and no process stays for it: the lease runs out by itself in the end. */
async function releaseLater(release: () => Promise<boolean>, until: number): Promise<void> {
  for (let failures = 1; ; failures++) {
    const ms = exponential(failures, RELEASE_SECONDS) * 1000
    if (performance.now() + ms >= until) return
    await new Promise((resolve) => unref(setTimeout(resolve, ms)))
    const isDone = await release().then(
      () => true,
      () => false,
    )
    if (isDone) return
  }
}

const UNCLAIMED: Lease = {
  attempts: 1,
  succeeded: [],
  lost: new Closing(),
  note: async () => undefined,
  finish: async () => undefined,
  release: async () => undefined,
  end: () => undefined,
}
