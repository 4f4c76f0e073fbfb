import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { type Failure, failuresOf } from './failure.js'
import { asBar, asText, measure, type Progress } from './progress.js'
import type { Records, RecordType } from './records.js'
import { scrub } from './scrub.js'

/** A stream that may be a terminal. */
export interface Stream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  hasColors?(): boolean
}

export interface OutputOptions {
  /** What was asked for: results for people, or records for programs. */
  readonly stdout: Stream
  /** Progress, hints, errors. */
  readonly stderr: Stream
  readonly json: boolean
  readonly quiet: boolean
  readonly debug: boolean
  /** Milliseconds. */
  readonly now?: () => number
}

/** The one place that writes: records for programs with `--json`, else lines for people. */
export interface Output {
  readonly json: boolean
  /** A result. `text`: how people read it; none where it is for programs alone. */
  result<T extends RecordType>(type: T, record: Records[T], text?: string): void
  /** A line for people, which `--quiet` leaves out. */
  say(text: string): void
  /** A bar with rate and remaining time on a terminal; a line every few seconds elsewhere. */
  progress(progress: Progress): void
  /** Every problem of the error in a sentence, with its remedy; the stack with `--debug`. */
  fail(error: unknown): void
  /** Takes the bar away. What comes then is measured anew. */
  end(): void
  readonly style: Style
  /** The clerk's own log is left out from now on, unless --debug wants it: the command tells the same. */
  hideLog(): void
  /** Where `console` writes while a command runs, so that no logger breaks a record or the bar. */
  readonly console: Console
}

export type Style = Readonly<Record<'bold' | 'dim' | 'red' | 'yellow' | 'green', (text: string) => string>>

const BAR_EVERY_MS = 100
const RECORD_EVERY_MS = 1_000
const LINE_EVERY_MS = 5_000
const CLEAR_LINE = '\r\u001b[2K'

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, json, quiet, debug, now = () => performance.now() } = options
  const hasBar = stderr.isTTY === true && !json && !quiet && process.env.TERM !== 'dumb'
  const everyMs = json ? RECORD_EVERY_MS : hasBar ? BAR_EVERY_MS : LINE_EVERY_MS
  const style = styleOf(stdout)
  const marks = styleOf(stderr)
  let bar: string | null = null
  // What is measured has begun by the time the first of it is done.
  let begunAt = now()
  let hidesLog = false
  let shownAt = Number.NEGATIVE_INFINITY

  function clearBar(): void {
    if (bar !== null) stderr.write(CLEAR_LINE)
  }
  function drawBar(): void {
    if (bar !== null) stderr.write(bar)
  }
  /** The next progress is that of another piece of work. */
  function endBar(): void {
    clearBar()
    bar = null
    begunAt = now()
    shownAt = Number.NEGATIVE_INFINITY
  }
  /** Lines are written above the bar. */
  function line(stream: Stream, text: string): void {
    clearBar()
    stream.write(`${text}\n`)
    drawBar()
  }
  const asRecord = (type: RecordType, record: object) => JSON.stringify({ type, ...record })

  const isHidden = (text: string) => hidesLog && text.startsWith('[clerk] ')

  function showFailure({ code, message, remedy }: Failure): void {
    if (json) line(stdout, asRecord('error', { code, message, remedy }))
    else line(stderr, `${marks.red('error')} ${message}${remedy === '' ? '' : `\n  ${remedy}`}`)
  }

  return {
    json,
    style,
    result(type, record, text) {
      // It is the last line: what was counted is in it.
      if (type === 'summary') endBar()
      if (json) line(stdout, asRecord(type, record))
      else if (text !== undefined) line(stdout, text)
    },
    say(text) {
      if (!json && !quiet) line(stderr, marks.dim(text))
    },
    progress(progress) {
      if (quiet) return
      const at = now()
      const isLast = progress.total !== null && progress.done >= progress.total
      if (at - shownAt < everyMs && !isLast) return
      shownAt = at
      const measured = measure(progress, (at - begunAt) / 1000)
      if (json) return line(stdout, asRecord('progress', measured))
      if (!hasBar) return line(stderr, asText(measured))
      clearBar()
      bar = asBar(measured, stderr.columns || 80)
      drawBar()
    },
    fail(error) {
      for (const failure of failuresOf(error)) showFailure(failure)
      if (debug) line(stderr, scrub(stackOf(error)))
    },
    end: endBar,
    hideLog() {
      hidesLog = !debug
    },
    console: new Console({
      stdout: lines((text) => {
        if (!quiet && !isHidden(text)) line(stderr, text)
      }),
      stderr: lines((text) => {
        if (!isHidden(text)) line(stderr, text)
      }),
    }),
  }
}

/** With its causes, as they were thrown. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack ?? `${error.name}: ${error.message}`}${cause}`
}

function lines(write: (line: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      write(String(chunk).replace(/\n$/, ''))
      done()
    },
  })
}

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39], green: [32, 39] } as const

/** `hasColors` of Node heeds NO_COLOR, FORCE_COLOR and TERM. */
function styleOf(stream: Stream): Style {
  const colors = stream.hasColors?.() === true
  return Object.fromEntries(
    Object.entries(CODES).map(([name, [on, off]]) => [
      name,
      (text: string) => (colors ? `\u001b[${on}m${text}\u001b[${off}m` : text),
    ]),
  ) as Style
}
