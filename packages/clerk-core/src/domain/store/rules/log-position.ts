import { StoreInputError } from '../../../ground/errors.js'

/** Numbers that were given before `last` and have not been seen: their writers may not have committed yet. */
export interface LogGap {
  readonly from: number
  /** The last of them. */
  readonly to: number
  /** When they were first missed; milliseconds by the store's clock. */
  readonly since: number
}

/** From where a reader of the log reads on. */
export interface LogPosition {
  /** Every number up to this one was seen, or is in `gaps`, or was missed for too long. */
  readonly last: number
  /** Within `gaps`, what lies up to this number was asked for by the page before. 0: nothing. */
  readonly cursor: number
  /** In order, and apart from each other. */
  readonly gaps: readonly LogGap[]
}

/** How far `changesSince(null)` looks back: entries that were written so recently may have become visible only now. */
export const LOG_LOOK_BACK_MS = 120_000

/** For how long a number that was not seen is asked for. No transaction of ours is open for as long. */
export const LOG_GAP_MS = 3_600_000

/** More gaps than this are joined: a position stays a short text, and a query has so many conditions at most. */
export const MAX_LOG_GAPS = 64

/** A position right after the entry of this number. 0: before the first. */
export function logPositionAt(last: number): LogPosition {
  return { last, cursor: 0, gaps: [] }
}

/**
 * The numbers to ask for, in order and up to the limit: `number > after`, or within one of `gaps`, both ends included.
 */
export function logRanges({ last, cursor, gaps }: LogPosition): {
  readonly after: number
  readonly gaps: readonly { readonly from: number; readonly to: number }[]
} {
  const left = gaps.filter(({ to }) => to > cursor)
  return { after: last, gaps: left.map(({ from, to }) => ({ from: Math.max(from, cursor + 1), to })) }
}

/**
 * Where to read on after a page.
 *
 * A number is given when an entry is written and seen when it is committed, so that a higher one can be seen first. Every
 * number that a page should have held and did not is a gap, and is asked for again until it is seen or
 * {@link LOG_GAP_MS} have passed. A page that is full says nothing of what lies above its last entry.
 *
 * Where there are too many gaps (a database whose numbers have a stride), neighbours are joined; what was seen between them
 * is then answered again, which does no harm.
 *
 * @param found the numbers of all entries in {@link logRanges}, ascending, cut off at the limit
 * @param now the store's clock in milliseconds
 */
export function advanceLog(
  position: LogPosition,
  found: readonly number[],
  { limit, now }: { readonly limit: number; readonly now: number },
): { readonly position: LogPosition; readonly more: boolean } {
  const more = found.length >= limit
  const { last, cursor, gaps } = position
  const highest = found.at(-1) ?? 0
  /** Everything up to here was looked at. */
  const reached = more ? highest : Math.max(last, highest)
  const newLast = Math.max(last, reached)
  const since = Math.max(now, gaps.at(-1)?.since ?? 0)
  const missing = newLast > last ? [...gaps, { from: last + 1, to: newLast, since }] : gaps
  const alive = without(missing, found).filter((gap) => now - gap.since <= LOG_GAP_MS)
  return {
    position: {
      last: newLast,
      cursor: more && reached < last ? Math.max(cursor, reached) : 0,
      gaps: joined(alive),
    },
    more,
  }
}

/** The gaps that are left when these numbers were seen. Both are in order. */
function without(gaps: readonly LogGap[], seen: readonly number[]): LogGap[] {
  const left: LogGap[] = []
  let index = 0
  for (const { from, to, since } of gaps) {
    let start = from
    while (index < seen.length && (seen[index] as number) < from) index++
    for (; index < seen.length && (seen[index] as number) <= to; index++) {
      const number = seen[index] as number
      if (number > start) left.push({ from: start, to: number - 1, since })
      start = number + 1
    }
    if (start <= to) left.push({ from: start, to, since })
  }
  return left
}

/**
 * Neighbours that were missed at about the same time are joined first, the closest ones of those: each is asked for hardly
 * longer than it would have been.
 */
function joined(gaps: readonly LogGap[]): readonly LogGap[] {
  if (gaps.length <= MAX_LOG_GAPS) return gaps
  const tooMany = gaps.length - MAX_LOG_GAPS
  const costs = gaps.slice(1).map((gap, index) => {
    const before = gaps[index] as LogGap
    return { index, time: gap.since - before.since, width: gap.to - before.from }
  })
  costs.sort((a, b) => a.time - b.time || a.width - b.width || a.index - b.index)
  const joins = new Set(costs.slice(0, tooMany).map(({ index }) => index))
  const result: LogGap[] = []
  gaps.forEach((gap, index) => {
    const before = result.at(-1)
    if (before === undefined || !joins.has(index - 1)) result.push(gap)
    else result[result.length - 1] = { from: before.from, to: gap.to, since: gap.since }
  })
  return result
}

/** A position as callers hold it: `last.cursor` and, behind each `~`, a gap. */
export function formatLogPosition({ last, cursor, gaps }: LogPosition): string {
  return [`${last}.${cursor}`, ...gaps.map(({ from, to, since }) => `${from}-${to}@${since}`)].join('~')
}

const HEAD = /^(\d{1,16})\.(\d{1,16})$/
const GAP = /^(\d{1,16})-(\d{1,16})@(\d{1,16})$/

/** @throws {StoreInputError} for a text that {@link formatLogPosition} did not make */
export function parseLogPosition(text: string): LogPosition {
  const [head = '', ...rest] = typeof text === 'string' ? text.split('~') : []
  const [last, cursor] = numbers(HEAD, head)
  if (rest.length > MAX_LOG_GAPS) throw noPosition()
  const gaps = rest.map((part) => {
    const [from, to, since] = numbers(GAP, part)
    return { from, to, since } as LogGap
  })
  let end = 0
  for (const { from, to } of gaps) {
    if (from <= end || to < from || to > (last as number)) throw noPosition()
    end = to
  }
  return { last: last as number, cursor: cursor as number, gaps }
}

function numbers(pattern: RegExp, text: string): number[] {
  const match = pattern.exec(text)
  const found = match?.slice(1).map(Number) ?? []
  if (found.length === 0 || !found.every(Number.isSafeInteger)) throw noPosition()
  return found
}

const noPosition = () => new StoreInputError('position must be one that this store has answered.')
