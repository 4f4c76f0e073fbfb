import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RaceProcesses } from '../harness.js'
import type { RaceAnswer, RaceCall } from './operations.js'
import type { ToWorker } from './worker.js'

/**
 * The worker beside this file, compiled or not. `import.meta` is in a file of its own: compiled to CommonJS, by Jest for
 * instance, this one could not be loaded with it.
 */
async function workerScript(): Promise<string> {
  const here = typeof __filename === 'string' ? __filename : fileURLToPath((await import('./here.js')).url)
  return join(dirname(here), `worker${extname(here)}`)
}

/** How long a process that was asked to close may take before it is killed. */
const CLOSE_MS = 5000
/** As much of what a process printed as is needed to see why it ended. */
const STDERR_LENGTH = 4000

export interface WorkerProcess {
  /** Rejects when the process ends before its stores are open. */
  readonly ready: Promise<unknown>
  perform(calls: readonly RaceCall[]): Promise<readonly RaceAnswer[]>
  close(): Promise<void>
}

export async function startWorker({
  module,
  data = null,
  execArgv = [],
}: RaceProcesses): Promise<WorkerProcess> {
  const child = fork(await workerScript(), [String(module), JSON.stringify(data)], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    execArgv: [...execArgv],
    serialization: 'advanced',
  })
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr = `${stderr}${chunk}`.slice(-STDERR_LENGTH)
  })

  /** The next message; rejects when the process ends instead. */
  const message = () =>
    new Promise<unknown>((resolve, reject) => {
      const ended = (code: number | null) => {
        child.off('message', answered)
        reject(new Error(`A process of the races ended (${code}). ${stderr}`))
      }
      const answered = (answer: unknown) => {
        child.off('close', ended)
        resolve(answer)
      }
      child.once('message', answered)
      child.once('close', ended)
    })

  return {
    ready: message(),
    async perform(calls) {
      if (calls.length === 0) return []
      const answered = message()
      child.send({ calls } satisfies ToWorker)
      return (await answered) as readonly RaceAnswer[]
    },
    close: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS)
  child.send({ close: true } satisfies ToWorker, () => {})
  await exited
  clearTimeout(timer)
}
