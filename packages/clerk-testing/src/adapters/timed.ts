const TICK_MS = 5
/** Of a longer pause of this process no more is counted. */
const MOST_MS = 4 * TICK_MS

export interface Stopwatch {
  /** Milliseconds in which this process was there. */
  readonly ms: number
  stop(): void
}

/**
 * Counts the time that this process had, and not the clock: while other work has the processor it stands. A bound on it tells one
 * time limit of the product from two, and does not fail on a busy machine.
 */
export function startStopwatch(): Stopwatch {
  let counted = 0
  let last = performance.now()
  const since = () => Math.min(performance.now() - last, MOST_MS)
  const timer = setInterval(() => {
    counted += since()
    last = performance.now()
  }, TICK_MS)
  return {
    get ms() {
      return counted + since()
    },
    stop: () => clearInterval(timer),
  }
}

/** What a step came to, and how long it took by a {@link Stopwatch}. */
export async function timed<T>(step: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const watch = startStopwatch()
  try {
    const value = await step()
    return { ms: watch.ms, value }
  } finally {
    watch.stop()
  }
}
