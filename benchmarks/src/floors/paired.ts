import { median } from '../measure.js'

/** One of two that are compared. */
export interface Side {
  /** One operation; `i` counts those of a slice. */
  readonly op: (i: number) => unknown
  /** Before each slice, not measured. */
  readonly reset?: () => unknown
  /** Operations of a slice, where there are only so many. Default: as many as fill it. */
  readonly ops?: number
}

export interface Pair {
  readonly ours: Side
  /** What ours is measured by: a peer, or the work that cannot be left out. */
  readonly base: Side
  readonly stop?: () => unknown
}

export interface PairPlan {
  /**
   * Pairs of slices in a block. The second best of the blocks counts: code that has become slower is slow in all of them, and a
   * busy machine makes some worse and hardly any better.
   */
  readonly pairs: number
  readonly blocks: number
  /** CPU time of a slice; milliseconds. Short: what slows a machine down lasts longer, and meets both of a pair. */
  readonly sliceMs: number
  /** CPU time of each side before; milliseconds. */
  readonly warmUpMs: number
}

const PLAN: PairPlan = { pairs: 11, blocks: 4, sliceMs: 15, warmUpMs: 700 }

/**
 * How much CPU time the base takes for each that ours takes; more is better. Both take turns in one process, in changing
 * order, and only the ratio within a pair counts: load beside it slows both alike, and CPU time does not run while others do.
 */
export async function pairedRatio({ ours, base }: Pair, plan: PairPlan = PLAN): Promise<number> {
  const [oursOps, baseOps] = [await warmUp(ours, plan), await warmUp(base, plan)]
  const blocks: number[] = []
  for (let block = 0; block < plan.blocks; block++) blocks.push(median(await measurePairs(plan.pairs)))
  const [best = Number.NaN, second = best] = blocks.sort((a, b) => b - a)
  return second

  async function measurePairs(count: number): Promise<number[]> {
    const ratios: number[] = []
    for (let pair = 0; pair < count; pair++) ratios.push(await measurePair(pair % 2 === 0))
    return ratios
  }

  async function measurePair(oursFirst: boolean): Promise<number> {
    const measureOurs = () => slice(ours, oursOps)
    const measureBase = () => slice(base, baseOps)
    const [first, second] = oursFirst ? [measureOurs, measureBase] : [measureBase, measureOurs]
    const [one, other] = [await first(), await second()]
    return oursFirst ? other / one : one / other
  }
}

/** @returns how many operations fill a slice */
async function warmUp(side: Side, { warmUpMs, sliceMs }: PairPlan): Promise<number> {
  let ops = side.ops ?? 8
  for (let spentMs = 0; spentMs < warmUpMs; ) {
    const sliceTook = (await slice(side, ops)) * ops
    spentMs += sliceTook
    if (side.ops === undefined) ops = Math.max(1, Math.round(Math.min(ops * 4, (ops * sliceMs) / sliceTook)))
  }
  return ops
}

/** CPU time of an operation; milliseconds. */
async function slice({ op, reset }: Side, ops: number): Promise<number> {
  await reset?.()
  const before = process.cpuUsage()
  for (let i = 0; i < ops; i++) {
    const result = op(i)
    if (result instanceof Promise) await result
  }
  const { user, system } = process.cpuUsage(before)
  return Math.max(user + system, 1) / 1000 / ops
}
