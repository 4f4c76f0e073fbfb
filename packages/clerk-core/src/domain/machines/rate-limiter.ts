import type { MachineCheck } from './verify-at-clerk.js'

/** Requests to Clerk at a time. */
const CONCURRENT = 8
/** Waiting for their turn; beyond that a credential is not even queued. */
const QUEUED = 64
/** Refused credentials within the window after which no unknown credential is asked about until it has passed. */
const REFUSALS = 50
const WINDOW_MS = 10_000

/**
 * Between unknown credentials and Clerk. Every one costs a request, and all of the application's requests share one
 * limit at Clerk (100 per 10 s in development): without a bound, a client that invents credentials takes the
 * whole application down. Credentials that Clerk has confirmed before do not wait behind those: else a client that
 * invents some would lock out every program. What is turned away is `unavailable`, not refused: it was not verified.
 */
export function createRateLimiter(now: () => number): {
  /** @param confirmedBefore passes at once, except while Clerk refuses all requests */
  pass(verify: () => Promise<MachineCheck>, confirmedBefore: boolean): Promise<MachineCheck>
} {
  let active = 0
  let windowStart = now()
  let refusals = 0
  let pausedUntil = 0
  let pausedAt = 0
  const queue: (() => void)[] = []

  return {
    async pass(verify, confirmedBefore) {
      if (confirmedBefore) {
        const wait = pausedForMs()
        return wait > 0 ? turnedAway(wait / 1000) : count(await verify())
      }
      if (queue.length >= QUEUED) return turnedAway(1)
      if (active >= CONCURRENT) await new Promise<void>((turn) => queue.push(turn))
      else active++
      try {
        const wait = closedForMs()
        return wait > 0 ? turnedAway(wait / 1000) : count(await verify())
      } finally {
        // The place goes to the next in the queue, without becoming free in between.
        const next = queue.shift()
        if (next === undefined) active--
        else next()
      }
    },
  }

  function pausedForMs(): number {
    const at = now()
    return at < pausedUntil && at >= pausedAt ? pausedUntil - at : 0
  }

  function closedForMs(): number {
    const at = now()
    const paused = pausedForMs()
    if (paused > 0) return paused
    if (at >= windowStart + WINDOW_MS || at < windowStart) {
      windowStart = at
      refusals = 0
    }
    return refusals >= REFUSALS ? windowStart + WINDOW_MS - at : 0
  }

  function count(check: MachineCheck): MachineCheck {
    if (check.kind === 'refused') refusals++
    if (check.kind === 'unavailable' && check.allRequests) {
      pausedAt = now()
      pausedUntil = pausedAt + check.retryAfterSeconds * 1000
    }
    return check
  }
}

function turnedAway(seconds: number): MachineCheck {
  return { kind: 'unavailable', retryAfterSeconds: Math.max(1, Math.ceil(seconds)), allRequests: false }
}
