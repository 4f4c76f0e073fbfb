import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { describeRun, printRow } from './report.js'
import type { Context } from './suite.js'
import { suites } from './suites.js'

// `--smoke` (or BENCH_SMOKE=1): seconds instead of minutes, to see that everything runs. `--only name`: some suites.
const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: process.env['BENCH_SMOKE'] === '1' },
    only: { type: 'string', multiple: true },
    out: { type: 'string', default: 'artifacts/benchmarks.json' },
  },
})
const { smoke, only, out } = values
const unknown = only?.filter((name) => !suites.some((suite) => suite.name === name)) ?? []
if (unknown.length > 0) {
  console.error(
    `No suite is called ${unknown.join(', ')}. There are: ${suites.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}

const context: Context = { smoke, pick: (full, short) => (smoke ? short : full) }
const run = describeRun(smoke)
console.log(`${run.node}, ${run.cores} × ${run.cpu}${smoke ? ', smoke run: the ratios mean nothing' : ''}`)

const done = []
for (const { name, run: runSuite } of suites.filter((suite) => only?.includes(suite.name) ?? true)) {
  console.log(`\n── ${name}`)
  const rows = await runSuite(context)
  for (const row of rows) printRow(row)
  done.push({ name, rows })
}

const file = new URL(`../${out}`, import.meta.url)
await mkdir(new URL('.', file), { recursive: true })
await writeFile(file, `${JSON.stringify({ ...run, suites: done }, null, 2)}\n`)

const missed = done
  .flatMap(({ rows }) => rows)
  .flatMap(({ what, targets = [] }) => targets.map((target) => ({ what, ...target })))
  .filter(({ met, alsoInSmoke = false }) => !met && (alsoInSmoke || !smoke))
for (const { what, text } of missed) console.error(`missed: ${what}: ${text}`)
process.exit(missed.length > 0 ? 1 : 0)
