import { AssertionError } from 'node:assert'
import { benchOf, type Entity } from '../case.js'
import type { Capability, RaceProcesses, StoreHarness } from '../harness.js'
import type { RaceAnswer } from './operations.js'
import { type Execute, runRace } from './race.js'
import { races } from './races.js'
import { startWorker } from './worker-process.js'

interface Pool {
  readonly execute: Execute
  close(): Promise<void>
}

export interface RaceOptions {
  readonly declared: readonly Capability[]
  /** Default: all that are declared. */
  readonly entities?: readonly Entity[]
  /** Of each race. Default: `raceRounds` of the harness, else its own number. */
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
  const shared = sharing.get(harness)
  const pool = await (shared === undefined ? openPool(harness.processes) : shared(harness.processes))
  try {
    for (const race of races) {
      const needs = [race.entity, ...(race.needs ?? [])]
      if (!entities.includes(race.entity) || !needs.every((need) => declared.includes(need))) continue
      try {
        await harness.reset()
        await runRace(race, bench, pool.execute, { rounds, seed })
      } catch (error) {
        if (error instanceof AssertionError) error.message = `${race.id}: ${error.message}`
        throw error
      }
    }
  } finally {
    if (shared === undefined) await pool.close()
  }
}

const sharing = new WeakMap<StoreHarness, (how: RaceProcesses) => Promise<Pool>>()

/**
 * All races of this harness run in the same processes, until the function answered ends them: to start some takes longer than
 * many rounds. The cases that need them come one after the other.
 */
export function shareProcesses(harness: StoreHarness): () => Promise<void> {
  let pool: Promise<Pool> | undefined
  sharing.set(harness, (how) => {
    pool ??= openPool(how)
    return pool
  })
  return async () => {
    sharing.delete(harness)
    // What could not be opened has failed its case.
    await pool?.then(({ close }) => close()).catch(() => undefined)
  }
}

async function openPool(how: RaceProcesses): Promise<Pool> {
  const workers = await Promise.all(Array.from({ length: how.workers ?? 4 }, () => startWorker(how)))
  const close = async () => {
    await Promise.all(workers.map((worker) => worker.close()))
  }
  try {
    await Promise.all(workers.map((worker) => worker.ready))
  } catch (error) {
    await close()
    throw error
  }
  return {
    close,
    async execute(calls) {
      const answers = await Promise.all(
        workers.map((worker, index) =>
          worker.perform(calls.filter((_, call) => call % workers.length === index)),
        ),
      )
      return calls.map((_, call): RaceAnswer => {
        const found = answers[call % workers.length]?.[Math.floor(call / workers.length)]
        return found ?? { outcome: 'failed', error: 'the process gave no answer' }
      })
    },
  }
}
