import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  attemptsToOutliveSvix,
  DEFAULT_SCHEDULE,
  retryAfterMs,
  type Schedule,
  SVIX_ATTEMPTS,
  SVIX_SECONDS,
} from './schedule.js'

const schedules: fc.Arbitrary<Schedule> = fc
  .tuple(fc.integer({ min: 1, max: 86_400 }), fc.integer({ min: 1, max: 86_400 }))
  .map(([a, b]) => ({ firstSeconds: Math.min(a, b), longestSeconds: Math.max(a, b) }))
const chances = fc.double({ min: 0, max: 1, noNaN: true })

describe('the schedule of an event that fails', () => {
  test('doubles from the first wait to the longest, up to a fifth earlier', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 1, max: 5_000 }), chances, (schedule, attempts, random) => {
        const ms = retryAfterMs(attempts, schedule, random)
        const whole = Math.min(
          schedule.longestSeconds,
          schedule.firstSeconds * 2 ** Math.min(attempts - 1, 20),
        )
        expect(Number.isInteger(ms)).toBe(true)
        expect(ms).toBeLessThanOrEqual(whole * 1000)
        expect(ms).toBeGreaterThanOrEqual(Math.round(whole * 800))
      }),
    )
  })

  test('goes on for longer than Svix sends, at its earliest and with every attempt of Svix counted', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const attempts = attemptsToOutliveSvix(schedule)
        let ms = 0
        // The last attempt ends it: there is no wait after it.
        for (let i = 1; i < attempts - SVIX_ATTEMPTS; i++) ms += retryAfterMs(i, schedule, 1)
        // Where a schedule never waits long, there is an end all the same.
        if (attempts < 10_000) expect(ms).toBeGreaterThanOrEqual(SVIX_SECONDS * 1000)
      }),
    )
    expect(attemptsToOutliveSvix(DEFAULT_SCHEDULE)).toBe(53)
  })
})
