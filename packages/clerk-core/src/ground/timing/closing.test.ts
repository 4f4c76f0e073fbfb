import { expect, test } from 'vitest'
import { createClosing } from './closing.js'
import { withTimeout } from './timeout.js'

const forever = () => new Promise<never>(() => undefined)

test('ends what waits, with the reason, and nothing that begins afterwards', async () => {
  const closing = createClosing()
  const waiting = withTimeout(60_000, forever, closing.signal())
  const early = closing.signal()
  closing.abort(new Error('closed'))
  await expect(waiting).rejects.toThrow('closed')
  await expect(withTimeout(60_000, forever, early)).rejects.toThrow('closed')
  expect(await withTimeout(60_000, () => 'done', closing.signal())).toBe('done')
})

test('a wait that has ended is not told', async () => {
  const closing = createClosing()
  const signal = closing.signal()
  let told = 0
  const listener = () => {
    told += 1
  }
  signal.addEventListener('abort', listener)
  signal.removeEventListener('abort', listener)
  closing.abort(new Error('closed'))
  expect([told, signal.aborted]).toEqual([0, true])
})
