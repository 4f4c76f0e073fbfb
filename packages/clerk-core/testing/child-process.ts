import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const cwd = fileURLToPath(new URL('..', import.meta.url))
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

export interface ServerProcess {
  readonly url: string
  alive(): boolean
  /** Resolves when the process is gone. */
  readonly exited: Promise<unknown>
  /** SIGKILL. */
  kill(): Promise<void>
}

/** Starts a module of this folder that serves HTTP and sends its port to the process that started it. */
export async function startServerProcess(
  module: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), args, {
    cwd,
    env: { ...process.env, ...env },
    execArgv: ['--import', tsx],
  })
  let dead = false
  const exited = once(child, 'exit').then(() => {
    dead = true
  })
  const [port] = (await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error(`${module} did not start.`))),
  ])) as [number]
  return {
    url: `http://127.0.0.1:${port}`,
    alive: () => !dead,
    exited,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
