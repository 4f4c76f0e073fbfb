import { attempt } from './attempt.js'

export interface SingleFlight<V> {
  /**
   * Joins the flight of this key that is under way, else begins one.
   *
   * @param begin receives `isCurrent`, which is false once the flight was forgotten or another one has its place: its
   *   result is then for the callers that wait for it, and must not be cached
   */
  run(key: string, begin: (isCurrent: () => boolean) => Promise<V>): Promise<V>
  /** The flight that a caller would join now. */
  underWay(key: string): Promise<V> | undefined
  /** No later caller joins this flight; the callers that wait for it still get its result. */
  forget(key: string): void
  forgetWhere(matches: (key: string) => boolean): void
  forgetAll(): void
}

interface Flight<V> {
  readonly promise: Promise<V>
  readonly begunAt: number
}

export interface SingleFlightOptions {
  /** A flight older than this is joined no more: the next caller begins another. Default: never. */
  readonly abandonAfterMs?: number
  /** Milliseconds. Default: the monotonic clock, which is never set. */
  readonly now?: () => number
}

/** One piece of work per key at a time, shared by all callers that ask for it meanwhile. */
export function createSingleFlight<V>({
  abandonAfterMs = Number.POSITIVE_INFINITY,
  now = () => performance.now(),
}: SingleFlightOptions = {}): SingleFlight<V> {
  const flights = new Map<string, Flight<V>>()

  function underWay(key: string): Promise<V> | undefined {
    const flight = flights.get(key)
    return flight !== undefined && now() - flight.begunAt < abandonAfterMs ? flight.promise : undefined
  }

  return {
    underWay,
    run(key, begin) {
      const joined = underWay(key)
      if (joined !== undefined) return joined
      const isCurrent = () => flights.get(key) === flight
      const land = () => {
        if (isCurrent()) flights.delete(key)
      }
      const flight: Flight<V> = { begunAt: now(), promise: attempt(() => begin(isCurrent)) }
      flights.set(key, flight)
      // Registered first, so that a caller that is resumed by the result and asks again begins a new flight.
      flight.promise.then(land, land)
      return flight.promise
    },
    forget: (key) => void flights.delete(key),
    forgetWhere(matches) {
      for (const key of [...flights.keys()]) if (matches(key)) flights.delete(key)
    },
    forgetAll: () => flights.clear(),
  }
}
