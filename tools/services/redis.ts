import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aptAllowed, aptInstall } from './apt.js'
import { eventually, exists, findProgram, freePort } from './processes.js'

export const REDIS_REMEDY = 'install redis-server (7 or later) or valkey-server, or set REDIS_SERVER_PATH'

const find = () =>
  findProgram(['redis-server', 'valkey-server'], ['/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'])

/** Path of a Redis or Valkey server. `null`: there is none and none may be installed. */
export async function findRedis(): Promise<string | null> {
  const given = process.env.REDIS_SERVER_PATH
  if (given) {
    if (await exists(given)) return given
    throw new Error(`REDIS_SERVER_PATH names ${given}, which cannot be run`)
  }
  const found = await find()
  if (found !== null || !(await aptAllowed())) return found
  await aptInstall('redis-server')
  return find()
}

/** A server of the caller's own, which it may kill: nothing is written to disk. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** @param args of the server, `--requirepass secret` for instance */
export async function startRedis(path: string, ...args: readonly string[]): Promise<RedisServer> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'redis-'))
  let child: ChildProcess | null = null

  async function start(): Promise<void> {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    child = spawn(path, [...settings, '--dir', folder, ...args], { stdio: 'ignore' })
    await eventually(() => ping(port), 20_000)
  }

  function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child
    child = null
    if (ending === null || ending.exitCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      ending.once('exit', () => resolve())
      ending.kill(signal)
    })
  }

  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill: () => end('SIGKILL'),
    start,
    async stop() {
      await end('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Any answer will do: a server with a password refuses, which it does only when it is up. */
function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('error', reject)
    socket.once('data', () => {
      socket.destroy()
      resolve()
    })
  })
}
