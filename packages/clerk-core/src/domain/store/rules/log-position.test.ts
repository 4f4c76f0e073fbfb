import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreInputError } from '../../../ground/errors.js'
import {
  advanceLog,
  formatLogPosition,
  LOG_GAP_MS,
  type LogPosition,
  logPositionAt,
  logRanges,
  MAX_LOG_GAPS,
  parseLogPosition,
} from './log-position.js'

const START = 1_700_000_000_000

/** What a query for the ranges of a position answers. */
function select(visible: Iterable<number>, position: LogPosition, limit: number): number[] {
  const { after, gaps } = logRanges(position)
  return [...visible]
    .filter((number) => number > after || gaps.some(({ from, to }) => from <= number && number <= to))
    .sort((a, b) => a - b)
    .slice(0, limit)
}

/** A reader that holds nothing but the text of its position. */
function reader(visible: Iterable<number>, limit: number, position: string) {
  const seen: number[] = []
  return {
    seen,
    position: () => position,
    /** One look: pages until there are no more. */
    look(now: number) {
      for (let pages = 0; ; pages++) {
        const from = parseLogPosition(position)
        const found = select(visible, from, limit)
        seen.push(...found)
        const next = advanceLog(from, found, { limit, now })
        position = formatLogPosition(next.position)
        if (!next.more) return pages
        if (pages > 100_000) throw new Error('The pages do not end.')
      }
    },
  }
}

describe('the position of a reader of the log', () => {
  it('asks for a number that was passed by until it is seen, and no more then', () => {
    const visible = new Set([1, 2, 4])
    const { look, seen, position } = reader(visible, 10, formatLogPosition(logPositionAt(0)))
    look(START)
    expect(parseLogPosition(position())).toMatchObject({ last: 4, gaps: [{ from: 3, to: 3, since: START }] })
    look(START + 90_000)
    visible.add(3)
    look(START + 90_001)
    look(START + 90_002)
    expect(seen).toEqual([1, 2, 4, 3])
    expect(position()).toBe('4.0')
  })

  it('gives a number up after an hour, not before', () => {
    const visible = new Set([2])
    const { look, seen, position } = reader(visible, 10, formatLogPosition(logPositionAt(0)))
    look(START)
    look(START + LOG_GAP_MS)
    expect(parseLogPosition(position()).gaps).toHaveLength(1)
    look(START + LOG_GAP_MS + 1)
    visible.add(1)
    look(START + LOG_GAP_MS + 2)
    expect(seen).toEqual([2])
  })

  it('does not take what lies above a full page for missing', () => {
    const from = logPositionAt(0)
    const { position, more } = advanceLog(from, [1, 2], { limit: 2, now: START })
    expect({ position, more }).toEqual({ position: logPositionAt(2), more: true })
  })

  it('is written and read alike, and refuses what is none', () => {
    const gap = { from: 2, to: 5, since: START }
    for (const position of [
      logPositionAt(0),
      { last: 9, cursor: 3, gaps: [gap, { ...gap, from: 7, to: 9 }] },
    ])
      expect(parseLogPosition(formatLogPosition(position))).toEqual(position)
    const many = Array.from({ length: MAX_LOG_GAPS + 1 }, (_, i) => `~${2 * i + 1}-${2 * i + 1}@1`).join('')
    const wrong = [
      '',
      '1',
      '1.',
      'x.0',
      '-1.0',
      '1.0~',
      '1.0~3-2@1',
      '1.0~2-3@1',
      '9.0~5-6@1~6-7@1',
      `999.0${many}`,
    ]
    const unsafe = ['9999999999999999.0', null, undefined, 7, {}, ['1.0']]
    for (const text of [...wrong, ...unsafe])
      expect(() => parseLogPosition(text as string), String(text)).toThrow(StoreInputError)
  })

  it('misses nothing and loses nothing at a page limit, in whatever order and however late entries become visible', () => {
    const entry = fc.record({
      /** How long after its number was given it becomes visible; `null`: its transaction was rolled back. */
      late: fc.oneof(fc.nat(90_000), fc.constant(0), fc.constant(null)),
      /** Until the next number is given. */
      pause: fc.oneof(fc.constant(0), fc.nat(30_000)),
      /** Numbers that are never used behind it: a sequence that was cached, or has a stride. */
      skipped: fc.oneof(fc.constant(0), fc.nat(3), fc.constant(1000)),
    })
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 120 }),
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.nat(40_000), { minLength: 1, maxLength: 40 }),
        (entries, limit, looks) => {
          let number = 0
          let at = START
          const numbered = entries.map(({ late, pause, skipped }) => {
            number += 1 + skipped
            at += pause
            return { number, visibleAt: late === null ? Number.POSITIVE_INFINITY : at + late }
          })
          const visible = new Set<number>()
          const { look, seen, position } = reader(visible, limit, formatLogPosition(logPositionAt(0)))
          let now = START
          const times = looks.map((wait) => (now += wait))
          for (const time of [...times, Math.max(now, at) + 90_000]) {
            for (const one of numbered) if (one.visibleAt <= time) visible.add(one.number)
            look(time)
            // Whatever is visible when a process looks is known to it when the look has ended.
            expect(new Set(seen)).toEqual(visible)
          }
          const { gaps } = parseLogPosition(position())
          expect(gaps.length).toBeLessThanOrEqual(MAX_LOG_GAPS)
          expect(position().length).toBeLessThan(4096)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('stays short and goes on where every other number is missing, as with several masters', () => {
    const visible = new Set<number>()
    const { look, seen, position } = reader(visible, 50, formatLogPosition(logPositionAt(0)))
    let now = START
    for (let number = 3; number <= 3000; number += 3) {
      visible.add(number)
      now += 1000
      if (number % 30 === 0) look(now)
    }
    look(now)
    expect(new Set(seen)).toEqual(visible)
    expect(position().length).toBeLessThan(4096)
    // What was late is still found, up to an hour later.
    visible.add(2998)
    look(now + 90_000)
    expect(seen).toContain(2998)
    // And an hour after the last one nothing is asked for any more.
    look(now + 2 * LOG_GAP_MS)
    expect(parseLogPosition(position()).gaps).toEqual([])
  })

  it('seldom answers an entry twice: only where gaps were joined', () => {
    const visible = new Set([1, 3, 5, 7])
    const { look, seen } = reader(visible, 3, formatLogPosition(logPositionAt(0)))
    for (let now = START; now < START + 60_000; now += 2000) look(now)
    expect(seen).toEqual([1, 3, 5, 7])
  })
})
