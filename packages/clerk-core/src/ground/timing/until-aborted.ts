import type { GiveUp } from './closing.js'

/** An operation was stopped by its `signal`, before it had read everything. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
}

/**
 * The same values. Once the signal is aborted the next one is not waited for: whatever it would be, it was only read.
 *
 * @throws {StoppedError}
 */
export async function* untilAborted<T>(
  values: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  const iterator = asyncIterator(values)
  let ended = false
  try {
    for (;;) {
      if (signal?.aborted === true) throw stop()
      const next = await firstOf(iterator.next(), signal)
      if (next === ABORTED) throw stop()
      ended = next.done === true
      if (next.done === true) return
      yield next.value
    }
  } finally {
    // Not awaited: a page that is on its way would have to arrive first.
    if (!ended) void iterator.return?.().then(undefined, () => undefined)
  }
}

const ABORTED = Symbol('aborted')

const stop = () => new StoppedError('Stopped by its signal.')

/** The same for one value: what is only read is not waited for any more. @throws {StoppedError} */
export async function orAborted<T>(pending: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const value = await firstOf(pending, signal)
  if (value === ABORTED) throw stop()
  return value
}

function firstOf<T>(pending: Promise<T>, signal: AbortSignal | undefined): Promise<T | typeof ABORTED> {
  if (signal === undefined) return pending
  return new Promise((resolve, reject) => {
    const abort = () => resolve(ABORTED)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

async function* each<T>(values: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* values
}

const asyncIterator = <T>(values: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> =>
  Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : each(values)

/** Waits so long, or until the signal is aborted. */
export function pause(ms: number, signal: GiveUp | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    if (signal?.aborted === true) end()
    else signal?.addEventListener('abort', end, { once: true })
  })
}

/** Values in lists of at most `size`, in their order. */
export async function* inBatches<T>(
  values: AsyncIterable<T> | Iterable<T>,
  size: number,
): AsyncGenerator<T[], void, undefined> {
  let batch: T[] = []
  for await (const value of values) {
    batch.push(value)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
