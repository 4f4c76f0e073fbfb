import { expect, test } from 'vitest'
import { createInFlight } from './in-flight.js'

test('is idle when what was under way has ended, well or badly, and what that has begun too', async () => {
  const { track, idle } = createInFlight()
  const ends: string[] = []
  const first = track(Promise.resolve().then(() => void ends.push('first')))
  void first.then(() => track(Promise.resolve().then(() => void ends.push('second'))))
  track(Promise.reject(new Error('no'))).catch(() => ends.push('third'))
  await idle(10_000)
  expect(ends.sort()).toEqual(['first', 'second', 'third'])
})

test('does not wait for what hangs for longer than it is told', async () => {
  const { track, idle } = createInFlight()
  void track(new Promise(() => undefined))
  await idle(20)
})

test('returns the very promise', () => {
  const promise = Promise.resolve(1)
  expect(createInFlight().track(promise)).toBe(promise)
})
