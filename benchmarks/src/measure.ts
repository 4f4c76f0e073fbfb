import type { Result } from './suite.js'

export interface Candidate {
  readonly who: string
  /** One operation; `i` counts them. */
  readonly op: (i: number) => unknown
  /** Operations per round, when the plan's number is too few for so fast a candidate to get warm. */
  readonly ops?: number
  /** Before each round, not measured. */
  readonly reset?: () => unknown
}

export interface Plan {
  readonly rounds: number
  /** Operations per round and candidate. */
  readonly ops: number
  /** Under way at a time. */
  readonly concurrency: number
}

/**
 * Measures candidates in turn, round by round, so that other load on the machine slows all of them alike, and compares
 * each with the first within the same round. Medians, because a mean of a noisy machine is its noise. The first rounds
 * warm up.
 */
export async function compare(candidates: readonly Candidate[], plan: Plan): Promise<Result[]> {
  const warmUp = Math.min(2, plan.rounds - 1)
  const samples = candidates.map(() => [] as number[])
  for (let round = 0; round < warmUp + plan.rounds; round++) {
    // Another order each round: a candidate that follows a heavy one inherits its garbage.
    for (let k = 0; k < candidates.length; k++) {
      const index = (k + round) % candidates.length
      const candidate = candidates[index]!
      await candidate.reset?.()
      const microseconds = await time(candidate.op, { ...plan, ops: candidate.ops ?? plan.ops })
      if (round >= warmUp) samples[index]!.push(microseconds)
    }
  }
  const [ours = []] = samples
  return candidates.map(({ who }, index) => {
    const theirs = samples[index]!
    const value = median(theirs)
    const unit = 'µs/op' as const
    if (index === 0) return { who, value, unit }
    return { who, value, unit, oursIsBetterBy: median(theirs.map((sample, round) => sample / ours[round]!)) }
  })
}

async function time(op: Candidate['op'], { ops, concurrency }: Plan): Promise<number> {
  let next = 0
  const worker = async () => {
    while (next < ops) {
      const result = op(next++)
      if (result instanceof Promise) await result
    }
  }
  const start = process.hrtime.bigint()
  await Promise.all(Array.from({ length: concurrency }, worker))
  return Number(process.hrtime.bigint() - start) / 1000 / ops
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** A target on the ratio of one peer. */
export function atLeast(results: readonly Result[], who: string, ratio: number) {
  const found = results.find((result) => result.who === who)?.oursIsBetterBy
  if (found === undefined) throw new Error(`nothing was measured for ${who}`)
  return { text: `≥ ${ratio}× ${who}`, met: found >= ratio }
}
