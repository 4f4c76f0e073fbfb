import { PassThrough } from 'node:stream'
import type { CliConfig } from '../config/define-config.js'
import { type ExitCode, runProgram } from '../program.js'

/** What a command line wrote, and how it ended. */
export interface Ran {
  readonly code: ExitCode
  readonly stdout: string
  readonly stderr: string
  /** The lines of `--json`. */
  readonly records: readonly Readonly<Record<string, unknown>>[]
}

export interface RunOptions {
  readonly cwd?: string
  readonly config?: CliConfig
  /** Of standard input. */
  readonly input?: string
  readonly signal?: AbortSignal
  /** Standard error is a terminal. */
  readonly terminal?: boolean
  /** Standard input is one. */
  readonly keyboard?: boolean
}

/** Runs the command line in this process. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' }
  const into = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text
    },
    ...(name === 'stderr' && options.terminal === true && { isTTY: true, columns: 100 }),
  })
  const stdin = Object.assign(new PassThrough(), { isTTY: options.keyboard === true })
  stdin.end(options.input ?? '')
  const code = await runProgram(args, {
    stdout: into('stdout'),
    stderr: into('stderr'),
    stdin,
    cwd: options.cwd ?? process.cwd(),
    signal: options.signal ?? new AbortController().signal,
    ...(options.config && { config: options.config }),
  })
  const records = args.includes('--json')
    ? written.stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : []
  return { code, ...written, records }
}
