/** A timer that holds up no process. Where timers are numbers (Workers, browsers), there is no process to hold up. */
export function unref<T>(timer: T): T {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer) {
    ;(timer as { unref(): unknown }).unref()
  }
  return timer
}
