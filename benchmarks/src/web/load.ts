import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { median } from '../measure.js'
import type { Result } from '../suite.js'
import type { Heap, Question, Usage } from './server.js'
import type { Framework, Setup, Variant } from './setup.js'

export interface BenchServer {
  readonly url: string
  usage(): Promise<Usage>
  /** Collects garbage first: not for a server whose speed is measured afterwards. */
  heap(): Promise<Heap>
  stop(): void
}

export async function startServer(
  framework: Framework,
  variant: Variant,
  setup: Setup,
): Promise<BenchServer> {
  const child = fork(fileURLToPath(new URL('server.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx', '--expose-gc'],
    env: { ...process.env, NODE_ENV: 'production', CLERK_TELEMETRY_DISABLED: '1' },
  })
  child.send({ framework, variant, setup })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  const ask = async (question: Question): Promise<unknown> => {
    child.send(question)
    const [answer] = await once(child, 'message')
    return answer
  }
  return {
    url: `http://127.0.0.1:${port}`,
    usage: async () => (await ask('usage')) as Usage,
    heap: async () => (await ask('heap')) as Heap,
    stop: () => child.kill(),
  }
}

/** A server to put under load, and what its requests carry. */
export interface Runner {
  readonly who: string
  readonly server: BenchServer
  readonly path: string
  readonly headers: readonly Readonly<Record<string, string>>[]
}

export interface Sample {
  readonly requestsPerSecond: number
  readonly p99Ms: number
  readonly cpuMicrosecondsPerRequest: number
}

const CONNECTIONS = 32

/**
 * Keeps this process from sleeping: a server that answers a sleeping client pays for waking it, and the slower a server
 * is, the more often its client sleeps.
 */
async function awake<T>(work: () => Promise<T>): Promise<T> {
  let spinning = true
  const spin = () => {
    if (spinning) setImmediate(spin)
  }
  spin()
  try {
    return await work()
  } finally {
    spinning = false
  }
}

export async function load(runner: Runner, seconds: number): Promise<Sample> {
  const { url } = runner.server
  const before = await runner.server.usage()
  const result = await awake(() =>
    autocannon({
      url: `${url}${runner.path}`,
      connections: CONNECTIONS,
      duration: seconds,
      requests: runner.headers.map((headers) => ({ method: 'GET', path: runner.path, headers })),
    }),
  )
  const after = await runner.server.usage()
  // A server that refuses is fast: only successful answers count.
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${runner.who}: ${result.non2xx} refusals, ${result.errors} errors`)
  }
  const answered = result['2xx']
  return {
    requestsPerSecond: answered / result.duration,
    p99Ms: result.latency.p99,
    cpuMicrosecondsPerRequest: (after.cpuMicroseconds - before.cpuMicroseconds) / answered,
  }
}

export interface Measured {
  readonly throughput: Result[]
  readonly latency: Result[]
  readonly cpu: Result[]
}

export interface Race {
  /** New processes: what the compiler made of two that run the same code differs by some percent. */
  start(): Promise<readonly Runner[]>
  /** Before they are stopped. */
  finish?(runners: readonly Runner[]): Promise<void>
}

export interface Effort {
  /** New processes for all candidates, this many times. */
  readonly generations: number
  /**
   * Not counted; more than `rounds`, so that a server warms up for longer than it is measured. They take turns as well: a
   * server that waits for long is collected by V8 while it is idle, and cools down.
   */
  readonly warmUpRounds: number
  readonly rounds: number
  /** Of each load. */
  readonly seconds: number
}

/**
 * Rounds in which each has its turn, so that other load on the machine slows all of them alike; each is compared with
 * the first within the same round, and the median of the rounds counts.
 */
export async function race(
  { start, finish }: Race,
  { generations, warmUpRounds, rounds, seconds }: Effort,
): Promise<Measured> {
  const names: string[] = []
  const samples: Sample[][] = []
  for (let generation = 0; generation < generations; generation++) {
    const runners = await start()
    try {
      for (let round = 0; round < warmUpRounds + rounds; round++) {
        for (let k = 0; k < runners.length; k++) {
          const index = (k + round) % runners.length
          const runner = runners[index] as Runner
          const sample = await load(runner, seconds)
          if (round < warmUpRounds) continue
          names[index] = runner.who
          samples[index] = [...(samples[index] ?? []), sample]
        }
      }
      await finish?.(runners)
    } finally {
      for (const { server } of runners) server.stop()
    }
  }
  const result = (unit: Result['unit'], of: (sample: Sample) => number, better: 'more' | 'less'): Result[] =>
    names.map((who, index) => {
      const theirs = (samples[index] ?? []).map(of)
      const value = median(theirs)
      if (index === 0) return { who, value, unit }
      const ours = (samples[0] ?? []).map(of)
      const ratios = theirs.map((sample, i) =>
        better === 'more' ? (ours[i] ?? 0) / sample : sample / (ours[i] ?? 1),
      )
      return { who, value, unit, oursIsBetterBy: median(ratios) }
    })
  return {
    throughput: result('req/s', (sample) => sample.requestsPerSecond, 'more'),
    latency: result('ms', (sample) => sample.p99Ms, 'less'),
    cpu: result('µs/op', (sample) => sample.cpuMicrosecondsPerRequest, 'less'),
  }
}

/** The cookies a browser has after its first request. */
export async function startSession(
  server: Pick<BenchServer, 'url'>,
  token: string | null,
): Promise<Record<string, string>> {
  const headers = token === null ? { cookie: 'theme=dark' } : { cookie: `__session=${token}` }
  const response = await fetch(`${server.url}/start`, { headers })
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  if (!response.ok || cookies.length === 0) throw new Error('no session was started')
  return { cookie: cookies.join('; ') }
}
