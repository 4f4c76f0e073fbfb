import type { Change, ChangePage, NewChange } from '../inbox.js'
import { covers } from '../rules/covers.js'
import { checkChange, checkPage } from '../rules/input.js'
import {
  advanceLog,
  formatLogPosition,
  LOG_LOOK_BACK_MS,
  logPositionAt,
  logRanges,
  parseLogPosition,
} from '../rules/log-position.js'

interface Entry {
  readonly number: number
  readonly at: number
  readonly change: NewChange
}

/** Covered entries among those that narrow a right are swept out when there are more than this many. */
const SWEEP_FROM = 1024

/** The log in memory: entries in the order of their numbers, whatever the order in which they became visible. */
export function memoryLog(now: () => number) {
  let entries: Entry[] = []
  /** Those that narrow a right, with those that others cover until they are swept out. */
  let narrowing: Entry[] = []
  /** Of each subject those that no other covers. */
  const counting = new Map<string, readonly Entry[]>()
  let sweepAt = SWEEP_FROM
  let given = 0

  function reserve(change: NewChange): Entry {
    checkChange(change)
    const { id, type, subjects, narrows, version } = change
    return { number: ++given, at: now(), change: { id, type, subjects: [...subjects], narrows, version } }
  }

  function show(entry: Entry): void {
    insert(entries, entry)
    const { narrows } = entry.change
    if (narrows === null) return
    insert(narrowing, entry)
    const all = [...(counting.get(narrows) ?? []), entry]
    counting.set(
      narrows,
      all.filter((one) => !all.some((other) => covers(claimOf(other), claimOf(one)))),
    )
    if (narrowing.length < sweepAt) return
    narrowing = narrowing.filter(counts)
    sweepAt = Math.max(SWEEP_FROM, 2 * narrowing.length)
  }

  const counts = (entry: Entry) => counting.get(entry.change.narrows ?? '')?.includes(entry) ?? false

  return {
    append(change: NewChange) {
      const entry = reserve(change)
      show(entry)
      return { position: formatLogPosition(logPositionAt(entry.number)), at: entry.at }
    },
    appendLate(change: NewChange) {
      const entry = reserve(change)
      return () => show(entry)
    },
    changesSince(position: string | null, limit: number): ChangePage {
      checkPage(limit)
      const at = now()
      const from =
        position === null ? logPositionAt(floor(at - LOG_LOOK_BACK_MS)) : parseLogPosition(position)
      const { after, gaps } = logRanges(from)
      const found: Entry[] = []
      for (const gap of [...gaps, { from: after + 1, to: Number.POSITIVE_INFINITY }]) {
        for (let index = firstFrom(entries, gap.from); found.length < limit; index++) {
          const entry = entries[index]
          if (entry === undefined || entry.number > gap.to) break
          found.push(entry)
        }
      }
      const numbers = found.map(({ number }) => number)
      const next = advanceLog(from, numbers, { limit, now: at })
      return page(found, formatLogPosition(next.position), next.more, at)
    },
    revocations(position: string | null, limit: number): ChangePage {
      checkPage(limit)
      const from = position === null ? 0 : parseLogPosition(position).last
      const found: Entry[] = []
      let last = from
      let index = firstFrom(narrowing, from + 1)
      for (; index < narrowing.length && found.length < limit; index++) {
        const entry = narrowing[index] as Entry
        last = entry.number
        if (counts(entry)) found.push(entry)
      }
      return page(found, formatLogPosition(logPositionAt(last)), index < narrowing.length, now())
    },
    prune(before: number) {
      entries = entries.filter(({ at }) => at >= before)
      narrowing = narrowing.filter(({ at }) => at >= before)
      for (const [subject, known] of counting) {
        const left = known.filter(({ at }) => at >= before)
        if (left.length === 0) counting.delete(subject)
        else if (left.length < known.length) counting.set(subject, left)
      }
    },
    all: (): Change[] => entries.map(toChange),
  }

  /** The highest number of those that were written before this time. */
  function floor(before: number): number {
    for (let index = entries.length - 1; index >= 0; index--) {
      const entry = entries[index] as Entry
      if (entry.at < before) return entry.number
    }
    return 0
  }
}

const claimOf = ({ number, change }: Entry) => ({ place: number, version: change.version })

function page(found: readonly Entry[], position: string, more: boolean, now: number): ChangePage {
  return { changes: found.map(toChange), position, now, more }
}

function toChange({ number, at, change }: Entry): Change {
  const position = formatLogPosition(logPositionAt(number))
  return { ...change, subjects: [...change.subjects], position, at }
}

/** The place of the first entry with this number or a higher one. */
function firstFrom(entries: readonly Entry[], number: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle] as Entry).number < number) low = middle + 1
    else high = middle
  }
  return low
}

/** Nearly always at the end. */
function insert(entries: Entry[], entry: Entry): void {
  const last = entries.at(-1)
  if (last === undefined || last.number < entry.number) entries.push(entry)
  else entries.splice(firstFrom(entries, entry.number), 0, entry)
}
