/** How far below its floor a ratio may be: what two quiet runs of the same code differ by, and a little of its own. */
export const MARGIN = 0.15
/** A machine that is busy in a bad moment is asked again. */
const TRIES = 3

export interface Held {
  /** Of each try, as many as were needed. */
  readonly ratios: readonly number[]
  readonly isHeld: boolean
}

/** Whether a ratio is at its floor, less {@link MARGIN}: one of three tries has to show it. */
export async function hold(measure: () => Promise<number>, floor: number): Promise<Held> {
  const ratios: number[] = []
  while (ratios.length < TRIES) {
    const ratio = await measure()
    ratios.push(ratio)
    if (ratio >= floor * (1 - MARGIN)) return { ratios, isHeld: true }
  }
  return { ratios, isHeld: false }
}
