import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type CuttableProxy, openProxy } from '@acme/tools/services/proxy'

export interface BackendSettings {
  readonly databaseUrl: string
  /** Of the table of handlers that ran, which the test reads. */
  readonly handledUrl: string
  readonly redisUrl: string
  /** How far the clock of the process is off. */
  readonly skewMs: number
  readonly pemKey: string
  readonly issuer: string
  readonly webhookSecret: string
  readonly party: string
  readonly leaseSeconds: number
  readonly graceSeconds: number
}

/** One process, which can be killed, stopped and cut off from its database. */
export interface Backend {
  readonly name: string
  post(path: string, headers: Record<string, string>, body: string): Promise<number | null>
  /** Status of a signed-in request. `null`: no answer came. */
  get(path: string, authorization?: string): Promise<{ status: number; body: Record<string, unknown> } | null>
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGSTOP, and SIGCONT after so long. */
  freeze(ms: number): Promise<void>
  /** The sockets to the database go silent for so long. */
  hush(ms: number): Promise<void>
  close(): Promise<void>
}

const ANSWER_MS = 15_000
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export async function startBackend(
  name: string,
  settings: Omit<BackendSettings, 'databaseUrl'> & { readonly database: URL },
): Promise<Backend> {
  const { database, ...rest } = settings
  const proxy: CuttableProxy = await openProxy({ host: database.hostname, port: Number(database.port) })
  const way = new URL(database)
  way.port = String(proxy.port)
  let child: ChildProcess | null = null
  let port = 0

  async function start(): Promise<void> {
    child = fork(fileURLToPath(new URL('backend.ts', import.meta.url)), [], {
      execArgv: ['--import', 'tsx', '--expose-gc'],
      env: { ...process.env, SOAK: JSON.stringify({ ...rest, databaseUrl: way.href }) },
    })
    const [message] = (await once(child, 'message')) as [{ port: number }]
    port = message.port
  }

  async function ask(path: string, init: RequestInit): Promise<Response | null> {
    try {
      return await fetch(`http://127.0.0.1:${port}${path}`, {
        ...init,
        signal: AbortSignal.timeout(ANSWER_MS),
      })
    } catch {
      // Killed, or frozen for too long: a client sees no answer either.
      return null
    }
  }

  async function kill(): Promise<void> {
    const ending = child
    child = null
    if (ending === null) return
    const ended = once(ending, 'exit')
    ending.kill('SIGKILL')
    await ended
  }

  await start()
  return {
    name,
    async post(path, headers, body) {
      const answer = await ask(path, { method: 'POST', headers, body })
      await answer?.arrayBuffer().catch(() => undefined)
      return answer?.status ?? null
    },
    async get(path, authorization) {
      const answer = await ask(path, { headers: authorization === undefined ? {} : { authorization } })
      const body = await answer?.json().catch(() => null)
      return answer === null || body == null
        ? null
        : { status: answer.status, body: body as Record<string, unknown> }
    },
    start,
    kill,
    async freeze(ms) {
      child?.kill('SIGSTOP')
      await sleep(ms)
      child?.kill('SIGCONT')
    },
    async hush(ms) {
      const speak = proxy.goSilent()
      await sleep(ms)
      speak()
    },
    async close() {
      await kill()
      await proxy.close()
    },
  }
}
