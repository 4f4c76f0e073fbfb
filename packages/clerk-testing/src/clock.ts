/** Time that tests can move. All in milliseconds. */
export interface Clock {
  now(): number
  /** Goes forward (or back, with a negative number). */
  shift(ms: number): void
  /** Whether time also passes by itself. */
  readonly running: boolean
}

/** The time of `base`, or the system's without one, plus what was shifted. */
export function createClock(base?: () => number): Clock {
  const source = base ?? (() => Date.now())
  let offset = 0
  return {
    now: () => source() + offset,
    shift: (ms) => {
      offset += ms
    },
    running: base === undefined,
  }
}
