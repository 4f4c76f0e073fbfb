import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { TimeoutError, withLimit, withTimeout } from './timeout.js'

const forever = new Promise<never>(() => undefined)

it('returns what the step returns, and passes on what it throws', async () => {
  expect(await withTimeout(1000, () => 'at once')).toBe('at once')
  expect(await withTimeout(1000, async () => 'later')).toBe('later')
  const failing = withTimeout(1000, () => {
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
})

it('answers the caller of a step that never ends, and aborts its signal', async () => {
  let given: AbortSignal | undefined
  const running = withTimeout(20, (signal) => {
    given = signal
    return forever
  })
  await expect(running).rejects.toThrow(new TimeoutError(20))
  expect(given?.reason).toBeInstanceOf(TimeoutError)
})

it('a step that fails after its time was over is no unhandled rejection', async () => {
  const late = withTimeout(
    10,
    (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('late')))),
  )
  await expect(late).rejects.toThrow('timed out after 0.01 s')
})

it('gives up early with the reason of the signal, and leaves no listener on it', async () => {
  const closing = new AbortController()
  const reason = new Error('closed')
  const running = withTimeout(10_000, () => forever, closing.signal)
  closing.abort(reason)
  await expect(running).rejects.toBe(reason)
  await expect(withTimeout(10_000, () => 'begun', closing.signal)).rejects.toBe(reason)

  const open = new AbortController()
  await withTimeout(10_000, () => 'done', open.signal)
  expect(getEventListeners(open.signal, 'abort')).toEqual([])
})

it.each([0, -1])('begins nothing when %d ms are left', async (ms) => {
  let begun = false
  const running = withTimeout(ms, () => {
    begun = true
  })
  await expect(running).rejects.toBeInstanceOf(TimeoutError)
  expect(begun).toBe(false)
})

it('takes what only looks like a promise for what it is, and waits for what behaves like one', async () => {
  // biome-ignore lint/suspicious/noThenProperty: a handler may return anything
  expect(await withTimeout(1000, () => ({ then: 5 }))).toEqual({ then: 5 })
  // biome-ignore lint/suspicious/noThenProperty: as a query does that runs when it is awaited
  const query = { then: (done: (value: string) => void) => done('rows') } as unknown as Promise<string>
  expect(await withTimeout(1000, () => query)).toBe('rows')
})

it('what the step itself ends has ended, and its signal is made for who asks', async () => {
  const closing = new AbortController()
  const reason = new Error('closed')
  const running = withLimit(
    10_000,
    () => {
      closing.abort(reason)
      return forever
    },
    closing.signal,
  )
  await expect(running).rejects.toBe(reason)
  let limit: { readonly signal: AbortSignal } | undefined
  const late = withLimit(10, (given) => {
    limit = given
    return forever
  })
  await expect(late).rejects.toBeInstanceOf(TimeoutError)
  expect(limit?.signal.reason).toBeInstanceOf(TimeoutError)
})
