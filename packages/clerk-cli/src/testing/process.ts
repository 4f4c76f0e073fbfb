import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { NATIVE } from '../config/load-config.js'

const JITI = fileURLToPath(new URL('../../node_modules/jiti/lib/jiti-cli.mjs', import.meta.url))
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** Whether `script` of util-linux is there, which runs a command in a terminal. */
export const hasTerminal = /util-linux/.test(
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '',
)

/** The built command in a process of its own. */
export interface Started {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<number | null>
  /** Resolves once what was written matches; rejects when the process ends first. */
  until(pattern: RegExp): Promise<void>
  /** Types into the terminal. */
  type(text: string): void
}

/** The lines of `--json`. */
export const recordsOf = (stdout: string): readonly Readonly<Record<string, unknown>>[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

interface Where {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** In a pipe. */
export const start = (args: readonly string[], where: Where): Started =>
  watch(spawn(process.execPath, [MAIN, ...args], { ...options(where) }))

/** A module in TypeScript, as the command loads a configuration. */
export const startModule = (file: string, where: Where): Started =>
  watch(
    spawn(process.execPath, [JITI, file], options(where, { JITI_NATIVE_MODULES: JSON.stringify(NATIVE) })),
  )

/** In a terminal: standard output and error come as one. */
export function startInTerminal(args: readonly string[], where: Where): Started {
  const line = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ')
  return watch(
    spawn('script', ['-qec', `stty cols 100 rows 40; exec ${line}`, '/dev/null'], {
      ...options(where, { TERM: 'xterm' }),
    }),
  )
}

const options = ({ cwd, env }: Where, more: Readonly<Record<string, string>> = {}) => ({
  cwd,
  env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...more, ...env },
  stdio: ['pipe' as const, 'pipe' as const, 'pipe' as const],
})

function watch(child: ChildProcess): Started {
  const written = { stdout: '', stderr: '' }
  const looks = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      written[name] += chunk
      for (const look of looks) look()
    })
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    child,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(written.stdout + written.stderr)) return
          looks.delete(look)
          resolve()
        }
        looks.add(look)
        look()
        void ended.then((code) =>
          reject(new Error(`ended with ${code}:\n${written.stdout}${written.stderr}`)),
        )
      }),
    type: (text) => void child.stdin?.write(text),
  }
}
