const TICK_MS = 5

/**
 * What a step came to, and for how many milliseconds this process was there while it waited: ticks are counted, not the clock.
 * While other work has the processor no tick is counted, so a bound on `ms` tells one time limit of the product from two and does
 * not fail on a busy machine.
 */
export async function timed<T>(step: () => Promise<T>): Promise<{ ms: number; value: T }> {
  let ms = 0
  const timer = setInterval(() => {
    ms += TICK_MS
  }, TICK_MS)
  try {
    const value = await step()
    return { ms, value }
  } finally {
    clearInterval(timer)
  }
}
