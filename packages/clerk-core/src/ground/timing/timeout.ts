import { attempt } from './attempt.js'
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
export async function withTimeout<T>(
  ms: number,
  step: (signal: AbortSignal) => T | Promise<T>,
  giveUp?: GiveUp,
): Promise<T> {
  giveUp?.throwIfAborted()
  if (ms <= 0) throw new TimeoutError(ms)
  const controller = new AbortController()
  let end: (reason: unknown) => void = () => undefined
  const ended = new Promise<never>((_, reject) => {
    end = (reason) => {
      controller.abort(reason)
      reject(reason)
    }
  })
  const onGiveUp = () => end(giveUp?.reason)
  const timer = setTimeout(() => end(new TimeoutError(ms)), ms)
  giveUp?.addEventListener('abort', onGiveUp, { once: true })
  try {
    return await Promise.race([attempt(() => step(controller.signal)), ended])
  } finally {
    clearTimeout(timer)
    giveUp?.removeEventListener('abort', onGiveUp)
  }
}
