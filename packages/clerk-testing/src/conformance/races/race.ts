import { generator } from '../../random.js'
import type { Bench, Entity } from '../case.js'
import { fail } from '../expect.js'
import type { Capability } from '../harness.js'
import type { RaceAnswer, RaceCall } from './operations.js'

/** Calls made at once, and what must be true when all have been answered. Every round has ids of its own. */
export interface Round {
  prepare?(): Promise<void>
  /** Read after `prepare`. */
  readonly calls: readonly RaceCall[]
  check(answers: readonly RaceAnswer[]): Promise<void>
}

/** Few calls and many rounds find more than many calls in one: what matters is who is between a read and a write. */
export interface Race {
  readonly id: string
  readonly title: string
  readonly entity: Entity
  readonly needs?: readonly Capability[]
  readonly rounds: number
  /** @param name different in every round, to make ids from */
  round(name: string, bench: Bench): Round
}

export type Execute = (calls: readonly RaceCall[]) => Promise<readonly RaceAnswer[]>

/** @param seed makes the order of the calls; the same seed, the same orders */
export async function runRace(
  race: Race,
  bench: Bench,
  execute: Execute,
  {
    rounds = Math.min(race.rounds, bench.harness.raceRounds ?? Number.POSITIVE_INFINITY),
    seed = 1,
  }: { readonly rounds?: number | undefined; readonly seed?: number | undefined } = {},
): Promise<void> {
  const random = generator(seed)
  for (let index = 0; index < rounds; index++) {
    const round = race.round(`${race.id.replaceAll(/\W/g, '')}${seed}x${index}`, bench)
    await round.prepare?.()
    const { calls } = round
    const order = shuffled(calls, random)
    const answers = await execute(order)
    const failed = answers.find(({ error }) => error !== undefined)
    if (failed !== undefined) {
      fail(
        `${order[answers.indexOf(failed)]?.op} failed under concurrency (round ${index}): ${failed.error}`,
        answers,
      )
    }
    // In the order of `calls`, so that a check knows which answer is whose.
    await round.check(calls.map((call) => answers[order.indexOf(call)] ?? { outcome: 'failed' }))
  }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}
