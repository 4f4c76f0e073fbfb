import type { GiveUp } from './closing.js'

/** A step took longer than it was given. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'

  constructor(timeoutMs: number) {
    super(`timed out after ${timeoutMs / 1000} s`)
  }
}

/**
 * Runs a step for at most `ms`: then its signal is aborted, and the caller is answered whether the step obeys the
 * signal or not (a driver or an injected `fetch` may know nothing of signals).
 *
 * @param giveUp ends it earlier, with its own reason
 * @throws {TimeoutError} when the time is over; whatever the step throws; the reason of `giveUp`
 */
export function withTimeout<T>(
  ms: number,
  step: (signal: AbortSignal) => T | Promise<T>,
  giveUp?: GiveUp,
): Promise<T> {
  return withLimit(ms, ({ signal }) => step(signal), giveUp)
}

/** {@link withTimeout} for a step that may not ask for its signal: making one takes longer than all else here. */
export async function withLimit<T>(
  ms: number,
  step: (limit: { readonly signal: AbortSignal }) => T | Promise<T>,
  giveUp?: GiveUp,
): Promise<T> {
  giveUp?.throwIfAborted()
  if (ms <= 0) throw new TimeoutError(ms)
  const controller = new AbortController()
  const begun = step(controller)
  // What is done already needs no timer.
  if (!isThenable(begun)) return begun
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      giveUp?.removeEventListener('abort', onGiveUp)
    }
    const end = (reason: unknown) => {
      stop()
      controller.abort(reason)
      reject(reason)
    }
    const onGiveUp = () => end(giveUp?.reason)
    const timer = setTimeout(() => end(new TimeoutError(ms)), ms)
    giveUp?.addEventListener('abort', onGiveUp, { once: true })
    // Whatever else calls itself a promise is made one.
    Promise.resolve(begun).then(
      (value) => {
        stop()
        resolve(value)
      },
      (error: unknown) => {
        stop()
        reject(error)
      },
    )
    // The step itself may have caused it, before anyone listened.
    if (giveUp?.aborted) onGiveUp()
  })
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && 'then' in value
}
