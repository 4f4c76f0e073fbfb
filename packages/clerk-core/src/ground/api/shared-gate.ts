import { createHash } from 'node:crypto'
import { createGate, type Gate, type GateLimits } from './gate.js'

/** By a hash of the key: nothing that looks into this module's memory for its own ends finds the key here. */
const gates = new Map<string, Gate>()

/** A clock differs from the monotonic one by some milliseconds, back and forth. */
const NOTICED_MS = 500

/** The gate of this process for a key: several `createClerk` share it, and the smallest of their limits count. */
export function sharedGate(
  { secretKey, apiUrl, now }: { secretKey: string; apiUrl: string; now: () => number },
  limits: GateLimits,
): Gate {
  const name = createHash('sha256').update(`${apiUrl}\n${secretKey}`).digest('hex')
  const known = gates.get(name)
  known?.narrow(limits)
  const gate = known ?? createGate(limits)
  gates.set(name, gate)
  return followClock(gate, now)
}

/**
 * The gate's own clock stands still while the computer sleeps, and knows nothing of a clock that was injected. Where the
 * caller's clock has gone further, that much time has passed. One that stands or is set back makes nobody wait longer.
 *
 * @param now milliseconds
 */
export function followClock(
  gate: Gate,
  now: () => number,
  own: () => number = () => performance.now(),
): Gate {
  const ahead = () => now() - own()
  let offset = ahead()

  function follow(): void {
    const moved = ahead() - offset
    if (moved >= 0 && moved < NOTICED_MS) return
    offset += moved
    if (moved > 0) gate.skip(moved)
  }

  return {
    ...gate,
    run(lane, patienceMs, call, giveUp) {
      follow()
      return gate.run(lane, patienceMs, call, giveUp)
    },
    pause(seconds) {
      follow()
      gate.pause(seconds)
    },
  }
}
