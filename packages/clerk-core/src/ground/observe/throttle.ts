/** At most one line in this time, for each key. */
export const TOLD_EVERY_MS = 60_000
/** Keys are codes and names of this program; the limit is for a store that invents names. */
const MOST_KEYS = 1000

interface Told {
  toldAt: number
  /** How often it has happened since. */
  times: number
}

/**
 * Says when something that happens again and again is to be told. Holds a time and a number for each key, and nothing of
 * what happened.
 *
 * @param now milliseconds
 * @returns how often it has happened since it was told, this time included; 0: not to be told now
 */
export function createThrottle(now: () => number): (key: string) => number {
  const known = new Map<string, Told>()
  return (key) => {
    const at = now()
    const before = known.get(key)
    if (before === undefined) {
      if (known.size >= MOST_KEYS) known.delete(known.keys().next().value as string)
      known.set(key, { toldAt: at, times: 0 })
      return 1
    }
    before.times += 1
    // A clock that was set back must not silence a reason for years.
    if (Math.abs(at - before.toldAt) < TOLD_EVERY_MS) return 0
    const { times } = before
    before.toldAt = at
    before.times = 0
    return times
  }
}
