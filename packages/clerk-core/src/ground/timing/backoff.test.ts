import { expect, it } from 'vitest'
import { createBackoff, exponential, MAX_RETRY_AFTER_SECONDS } from './backoff.js'

function setUp(jitter?: () => number) {
  const clock = { ms: 1_800_000_000_000 }
  const backoff = createBackoff<string>({
    baseSeconds: 1,
    maxSeconds: 30,
    now: () => clock.ms,
    ...(jitter && { jitter }),
  })
  return { clock, backoff }
}

it('doubles up to its limit, after however many failures', () => {
  expect([1, 2, 3, 4, 5, 6, 1000].map((failures) => exponential(failures, 1, 30))).toEqual([
    1, 2, 4, 8, 16, 30, 30,
  ])
})

it('waits twice as long after each failure in a row, and from the start again after a success', () => {
  const { backoff } = setUp()
  expect([1, 2, 3].map(() => backoff.failed('a', 'down'))).toEqual([1, 2, 4])
  expect(backoff.failed('b', 'down')).toBe(1)
  backoff.succeeded('a')
  expect(backoff.waiting('a')).toBeNull()
  expect(backoff.failed('a', 'down')).toBe(1)
})

it('tells the last value and the whole seconds that are left', () => {
  const { backoff, clock } = setUp()
  backoff.failed('a', 'first', 10)
  clock.ms += 2_500
  expect(backoff.waiting('a')).toEqual({ value: 'first', retryAfterSeconds: 8 })
  clock.ms += 7_500
  expect(backoff.waiting('a')).toBeNull()
})

it('obeys a server that asks for longer, within reason, whatever the jitter', () => {
  const { backoff } = setUp(() => 0.5)
  expect(backoff.failed('a', 'down')).toBe(0.5)
  expect(backoff.failed('a', 'down', 45)).toBe(45)
  expect(backoff.failed('a', 'down', 86_400)).toBe(MAX_RETRY_AFTER_SECONDS)
})

it('does not wait longer because the clock was set back', () => {
  const { backoff, clock } = setUp()
  backoff.failed('a', 'down')
  clock.ms -= 60_000
  expect(backoff.waiting('a')).toBeNull()
})
