import { AssertionError } from 'node:assert'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { benchOf, type Entity } from '../case.js'
import type { Capability, RaceProcesses, StoreHarness } from '../harness.js'
import type { RaceAnswer, RaceCall } from './operations.js'
import { type Execute, runRace } from './race.js'
import { races } from './races.js'
import type { ToWorker } from './worker.js'

/** The worker beside this file, compiled or not. */
const worker = fileURLToPath(new URL(`worker${extname(import.meta.url)}`, import.meta.url))

/** How long a process that was asked to close may take before it is killed. */
const CLOSE_MS = 5000

interface Pool {
  readonly execute: Execute
  close(): Promise<void>
}

export interface RaceOptions {
  readonly declared: readonly Capability[]
  /** Default: all that are declared. */
  readonly entities?: readonly Entity[]
  /** Of each race. Default: its own number. */
  readonly rounds?: number
  readonly seed?: number
}

/**
 * Runs the races between several processes of the operating system, each with a connection of its own: what a lock, a
 * queue or a cache inside one process hides.
 *
 * @throws AssertionError that names the race and the fault
 */
export async function runRaces(
  harness: StoreHarness,
  { declared, entities = ['users', 'organizations', 'inbox'], rounds, seed }: RaceOptions,
): Promise<void> {
  if (harness.processes === undefined) throw new Error('The harness has no `processes`: see RaceProcesses.')
  const bench = benchOf(harness, declared)
  const pool = await openPool(harness.processes)
  try {
    for (const race of races) {
      const needs = [race.entity, ...(race.needs ?? [])]
      if (!entities.includes(race.entity) || !needs.every((need) => declared.includes(need))) continue
      try {
        await runRace(race, bench, pool.execute, { rounds, seed })
      } catch (error) {
        if (error instanceof AssertionError) error.message = `${race.id}: ${error.message}`
        throw error
      }
    }
  } finally {
    await pool.close()
  }
}

async function openPool({ module, data = null, execArgv = [], workers = 4 }: RaceProcesses): Promise<Pool> {
  const children = Array.from({ length: workers }, () =>
    fork(worker, [String(module), JSON.stringify(data)], {
      execArgv: [...execArgv],
      serialization: 'advanced',
    }),
  )
  const close = async () => {
    await Promise.all(children.map(end))
  }
  try {
    await Promise.all(children.map(answer))
  } catch (error) {
    await close()
    throw error
  }
  return {
    close,
    async execute(calls) {
      const shares = children.map((_, index) => calls.filter((_, call) => call % workers === index))
      const answers = await Promise.all(
        shares.map(async (share, index) => {
          const child = children[index]
          if (share.length === 0 || child === undefined) return []
          const answered = answer(child)
          child.send({ calls: share } satisfies ToWorker)
          return (await answered) as readonly RaceAnswer[]
        }),
      )
      return calls.map((_: RaceCall, call): RaceAnswer => {
        const found = answers[call % workers]?.[Math.floor(call / workers)]
        return found ?? { outcome: 'failed', error: 'the process gave no answer' }
      })
    },
  }
}

/** The next message of the child; rejects when it ends instead. */
function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => {
      child.off('message', answered)
      reject(new Error(`A process of the races ended (${code}): its errors are above.`))
    }
    const answered = (message: unknown) => {
      child.off('exit', ended)
      resolve(message)
    }
    child.once('message', answered)
    child.once('exit', ended)
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS)
  child.send({ close: true } satisfies ToWorker, () => {})
  await exited
  clearTimeout(timer)
}
