// `summary.ts <log> <failed steps>`: the end of a CI run, over the log of all its steps: how long each took, what failed and
// why, what was run twice, and on the last line how many tests passed.
import { readFileSync } from 'node:fs'
import { report, reportLines } from './report.js'
import { summaryLine, tally } from './tally.js'

const [path = '', steps = '0'] = process.argv.slice(2)
const log = readFileSync(path, 'utf8')
const counts = tally(log)
for (const line of reportLines(report(log))) console.log(line)
// A step that failed without a failing test (types, lint, a crash) must not read as success.
console.log(`\n${summaryLine({ ...counts, failed: Math.max(counts.failed, Number(steps)) })}`)
