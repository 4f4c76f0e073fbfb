import { AccessEndedError, type ConnectionEnd } from './connection.js'

/**
 * The values of a source until they end, or until the right to them does, whichever comes first: then the source is told
 * to return, and is not waited for.
 *
 * @param onEnd calls back when the right ends; returns a function that stops that
 */
export async function* untilEnd<T>(
  source: AsyncIterable<T>,
  onEnd: (listener: (end: ConnectionEnd) => void) => () => void,
): AsyncGenerator<T, void> {
  let error: AccessEndedError | null = null
  let interrupt: ((reason: AccessEndedError) => void) | null = null
  const stop = onEnd((end) => {
    error = new AccessEndedError(end)
    interrupt?.(error)
  })
  let iterator: AsyncIterator<T> | null = null
  let done = false
  try {
    if (error !== null) throw error
    iterator = source[Symbol.asyncIterator]()
    for (;;) {
      const pending: Promise<IteratorResult<T>> = iterator.next()
      // Not `Promise.race` with one promise of the end: each round would leave a reaction on it.
      const result = await new Promise<IteratorResult<T>>((resolve, reject) => {
        interrupt = reject
        pending.then(resolve, reject)
        if (error !== null) reject(error)
      })
      interrupt = null
      if (error !== null) throw error
      if (result.done === true) {
        done = true
        return
      }
      yield result.value
    }
  } finally {
    stop()
    // A generator that waits for something returns only when that has come.
    if (!done) iterator?.return?.()?.catch(() => undefined)
  }
}
