/** How far a command is. `total`: `null` where it is not known. */
export interface Progress {
  readonly done: number
  readonly total: number | null
}

export interface Measured extends Progress {
  readonly perSecond: number
  /** `null` where the total is not known, or nothing is done yet. */
  readonly secondsLeft: number | null
}

/** @param seconds since the beginning */
export function measure({ done, total }: Progress, seconds: number): Measured {
  const perSecond = seconds > 0 ? done / seconds : 0
  const secondsLeft =
    total === null || perSecond === 0 ? null : Math.ceil(Math.max(0, total - done) / perSecond)
  return { done, total, perSecond: Math.round(perSecond * 10) / 10, secondsLeft }
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const precise = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })

/** `1,200 of 100,000 (12 %), 5,020 a second, 20 s left` */
export function asText({ done, total, perSecond, secondsLeft }: Measured): string {
  const share = total === null || total === 0 ? '' : ` (${Math.min(100, Math.floor((done / total) * 100))} %)`
  return [
    `${grouped.format(done)}${total === null ? '' : ` of ${grouped.format(total)}`}${share}`,
    `${(perSecond < 10 ? precise : grouped).format(perSecond)} a second`,
    ...(secondsLeft === null ? [] : [`${remaining(secondsLeft)} left`]),
  ].join(', ')
}

const CELLS = 24

/** The bar and its text, cut to the width of the terminal. */
export function asBar(measured: Measured, columns: number): string {
  const { done, total } = measured
  const told = asText(measured)
  if (total === null || total === 0) return told.slice(0, columns - 1)
  const filled = Math.min(CELLS, Math.floor((done / total) * CELLS))
  return `${'█'.repeat(filled)}${'░'.repeat(CELLS - filled)} ${told}`.slice(0, columns - 1)
}

function remaining(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}
