import { LRUCache } from 'lru-cache'
import { createLane, type Lane, type Spender } from './rate-lane.js'
import type { MachineCheck } from './verify-at-clerk.js'

/** Of what this process may ask Clerk in ten seconds: what unknown credentials get. */
const SHARE_OF_UNKNOWN = 1 / 5
/** Of what is kept for credentials that come for the first time: what one client may spend. */
const SHARE_OF_CLIENT = 2 / 5

/** A credential that was turned away comes back within this time. */
const RETURNS_WITHIN_MS = 60_000
/** Clients, and credentials turned away, that are remembered: a flood pushes the oldest out and does not fill the memory. */
const REMEMBERED = 10_000

/** A credential, and the client that sent it. */
export interface Applicant {
  readonly hash: string
  /** What limits count as one client; `null`: not known. */
  readonly network: string | null
  /** Clerk has confirmed it before. */
  readonly confirmedBefore: boolean
}

/**
 * Between credentials that this process does not know and Clerk. Each costs a request, and all of the application's
 * requests share one limit at Clerk: a client that invents credentials must neither use it up nor lock out the programs
 * with real ones. So:
 *
 * - Unknown credentials take at most a fifth of Clerk's limit. One that Clerk confirms is given back: only refused ones
 *   count, so that a restart with a thousand real keys is not slowed down.
 * - Half of that is for credentials that come for the first time, of which one client gets two fifths.
 * - The other half is for those that were turned away and come again. A program repeats its request, an invented
 *   credential is replaced by the next one: however many are invented, and from wherever, a real one passes with its
 *   second request.
 * - Credentials that Clerk has confirmed before wait behind none of these.
 *
 * What is turned away is `unavailable`, not refused: it was not verified.
 */
export function createRateLimiter(
  requestsPer10Seconds: number,
  now: () => number,
): {
  pass(applicant: Applicant, verify: () => Promise<MachineCheck>): Promise<MachineCheck>
} {
  const budget = (requestsPer10Seconds * SHARE_OF_UNKNOWN) / 2
  const firstTime = createLane({ budget, budgetPerSpender: budget * SHARE_OF_CLIENT, now })
  const again = createLane({ budget, budgetPerSpender: budget, now })
  const clients = new LRUCache<string, Spender>({ max: REMEMBERED })
  const turnedAwayAt = new LRUCache<string, number>({ max: REMEMBERED })
  let pausedAt = 0
  let pausedUntil = 0

  return {
    async pass(applicant, verify) {
      const paused = pausedForMs()
      if (paused > 0) return unavailable(paused / 1000)
      if (applicant.confirmedBefore) return noted(await verify())
      const lane = laneOf(applicant.hash)
      const spender = lane === firstTime ? clientOf(applicant.network) : null
      const turn = await lane.enter(spender)
      if (turn === null) {
        turnedAwayAt.set(applicant.hash, now())
        return unavailable(again.freeInMs() / 1000)
      }
      turnedAwayAt.delete(applicant.hash)
      let check: MachineCheck | null = null
      try {
        const waited = pausedForMs()
        // Clerk has asked for a pause while this one waited: nothing is sent.
        if (waited > 0) return unavailable(waited / 1000)
        check = noted(await verify())
        return check
      } finally {
        turn.leave(check === null || check.kind === 'confirmed' ? 'free' : check.kind)
      }
    },
  }

  function laneOf(hash: string): Lane {
    const at = turnedAwayAt.get(hash)
    if (at === undefined || Math.abs(now() - at) > RETURNS_WITHIN_MS) return firstTime
    return again.freeInMs() > 0 ? firstTime : again
  }

  function clientOf(network: string | null): Spender | null {
    if (network === null) return null
    let client = clients.get(network)
    if (client === undefined) {
      client = { active: 0, waiting: 0, spentAt: [] }
      clients.set(network, client)
    }
    return client
  }

  function pausedForMs(): number {
    const at = now()
    return at < pausedUntil && at >= pausedAt ? pausedUntil - at : 0
  }

  function noted(check: MachineCheck): MachineCheck {
    if (check.kind === 'unavailable' && check.allRequests) {
      pausedAt = now()
      pausedUntil = pausedAt + check.retryAfterSeconds * 1000
    }
    return check
  }
}

function unavailable(seconds: number): MachineCheck {
  return { kind: 'unavailable', retryAfterSeconds: Math.max(1, Math.ceil(seconds)), allRequests: false }
}
