import { stripVTControlCharacters } from 'node:util'

export interface Failure {
  /** `package: file > describe > name`, or what vitest calls an error outside of any test. */
  name: string
  /** The first lines of the error, down to the first line of the stack. */
  error: string[]
}

export interface Step {
  command: string
  seconds: number
  failed: boolean
  /** The last lines a failed step wrote. */
  tail: string[]
}

export interface Report {
  failures: Failure[]
  retried: string[]
  steps: Step[]
}

const ERROR_LINES = 8
const TAIL_LINES = 12
const LINES = 50

const PREFIX = /^(?:(@?[\w./-]+):[\w-]+: ?)?(.*)$/
const STEP = /^== (done|failed) after (\d+) s: (.*)$/
const FAILED = /^ *FAIL +(.*)$/
const UNHANDLED = /^⎯+ (Unhandled (?:Error|Rejection)|Uncaught Exception) ⎯+$/
const RETRIED = /^ *RETRIED +(.*)$/
const RULE = /^⎯{8}|^ *Test Files {2}/

/**
 * What the log of a CI run says about failures: vitest's `FAIL` lines with the error below them, errors that belong to no
 * test, tests that were run a second time, and the steps of `.ci/run`. Lines of packages that run at the same time are told
 * apart by turbo's prefix.
 */
export function report(log: string): Report {
  const found: Report = { failures: [], retried: [], steps: [] }
  // Several `FAIL` lines in a row share the error that follows.
  const open = new Map<string, Failure[]>()
  let tail: string[] = []
  for (const line of stripVTControlCharacters(log).split('\n')) {
    const step = STEP.exec(line)
    if (step !== null) {
      const [, outcome, seconds, command = ''] = step
      const failed = outcome === 'failed'
      found.steps.push({ command, seconds: Number(seconds), failed, tail: failed ? tail : [] })
      tail = []
      open.clear()
      continue
    }
    const [, prefix = '', text = ''] = PREFIX.exec(line) ?? []
    if (text.trim() !== '') tail = [...tail, text.trimEnd()].slice(-TAIL_LINES)

    const retried = RETRIED.exec(text)?.[1]
    if (retried !== undefined) found.retried.push(named(prefix, retried))

    const failed = FAILED.exec(text)?.[1] ?? UNHANDLED.exec(text)?.[1]
    if (failed !== undefined) {
      const failure = { name: named(prefix, failed), error: [] }
      found.failures.push(failure)
      const before = open.get(prefix) ?? []
      open.set(prefix, [...before.filter(({ error }) => error.length === 0), failure])
      continue
    }
    const failures = open.get(prefix) ?? []
    if (failures.length === 0 || text.trim() === '') continue
    if (RULE.test(text)) {
      open.delete(prefix)
      continue
    }
    for (const { error } of failures) error.push(text.trimEnd())
    const [{ error } = { error: [] }] = failures
    if (/^ *❯ /.test(text) || error.length >= ERROR_LINES) open.delete(prefix)
  }
  return found
}

function named(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix.replace(/^@acme\//, '')}: ${name}`
}

/** The report as lines, few enough that the end of a log shows them all: errors are left out before names are. */
export function reportLines({ failures, retried, steps }: Report): string[] {
  const lines = [
    ...steps.map(
      ({ command, seconds, failed }) => `${failed ? 'failed' : 'passed'} in ${seconds} s: ${command}`,
    ),
    ...retried.map((name) => `retried: ${name}`),
  ]
  const names = failures.map(({ name }) => `FAILED ${name}`)
  let room = LINES - lines.length - names.length
  for (const { name, error } of failures) {
    const shown = error.slice(0, Math.max(0, room))
    room -= shown.length
    lines.push(`FAILED ${name}`, ...shown.map((line) => `  ${line}`))
  }
  // Types, lint, a crash: no test says why, so the step itself does.
  if (failures.length === 0) {
    for (const { command, failed, tail } of steps) {
      if (failed) lines.push(`FAILED ${command}`, ...tail.map((line) => `  ${line}`))
    }
  }
  return lines.length <= LINES
    ? lines
    : [...lines.slice(0, LINES), `… and ${lines.length - LINES} lines more`]
}
