import { availableParallelism, cpus } from 'node:os'
import type { Row } from './suite.js'

export interface Report {
  readonly at: string
  readonly node: string
  readonly cpu: string
  readonly cores: number
  readonly smoke: boolean
  readonly suites: readonly { readonly name: string; readonly rows: readonly Row[] }[]
}

export function describeRun(smoke: boolean): Omit<Report, 'suites'> {
  return {
    at: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    smoke,
  }
}

/** A row as lines of a table: who, how much, and how many times better ours is. */
export function printRow({ what, results, targets = [] }: Row): void {
  console.log(`\n${what}`)
  const width = Math.max(...results.map(({ who }) => who.length))
  for (const { who, value, unit, oursIsBetterBy } of results) {
    const ratio = oursIsBetterBy === undefined ? '' : `${format(oursIsBetterBy).padStart(9)}×`
    console.log(`  ${who.padEnd(width)}  ${format(value).padStart(9)} ${unit.padEnd(11)}${ratio}`)
  }
  for (const { text, met } of targets) console.log(`  ${met ? 'held' : 'MISSED'}: ${text}`)
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
