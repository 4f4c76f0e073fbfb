import { stripVTControlCharacters } from 'node:util'

export interface Tally {
  passed: number
  failed: number
  skipped: number
}

const COUNTS = /(\d+) (passed|failed|skipped)/g

/**
 * Adds up the summaries of every vitest run in a log, with or without turbo's prefixes. A test file that failed before it
 * had a test (an import that throws) counts as one failed test.
 */
export function tally(log: string): Tally {
  const total: Tally = { passed: 0, failed: 0, skipped: 0 }
  const filesFailed = new Map<string, number>()
  for (const line of stripVTControlCharacters(log).split('\n')) {
    const summary = /^(.*?)\s+(Test Files|Tests) {2,}(.*)$/.exec(line)
    if (summary === null) continue
    const [, prefix = '', kind, text = ''] = summary
    const counts: Tally = { passed: 0, failed: 0, skipped: 0 }
    for (const [, count, outcome] of text.matchAll(COUNTS)) counts[outcome as keyof Tally] = Number(count)
    if (kind === 'Test Files') {
      filesFailed.set(prefix, counts.failed)
      continue
    }
    total.passed += counts.passed
    total.skipped += counts.skipped
    total.failed += Math.max(counts.failed, filesFailed.get(prefix) ?? 0)
    filesFailed.delete(prefix)
  }
  return total
}

export function summaryLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
