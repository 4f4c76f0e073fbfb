// `summary.ts <log> <failed steps>`: the last line of a CI run, over the log of all its steps.
import { readFileSync } from 'node:fs'
import { summaryLine, tally } from './tally.js'

const [log = '', steps = '0'] = process.argv.slice(2)
const counts = tally(readFileSync(log, 'utf8'))
// A step that failed without a failing test (types, lint, a crash) must not read as success.
console.log(summaryLine({ ...counts, failed: Math.max(counts.failed, Number(steps)) }))
