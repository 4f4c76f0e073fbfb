import { exponential } from '../../ground/timing/backoff.js'

/** When an event that failed is tried again. */
export interface Schedule {
  /** After the first failure. Doubled with each one that follows. */
  readonly firstSeconds: number
  readonly longestSeconds: number
}

/** What failed once may succeed at once; what fails on and on is left alone for an hour at the most. */
export const DEFAULT_SCHEDULE: Schedule = { firstSeconds: 5, longestSeconds: 3600 }

/** Up to a fifth earlier, so that many events that failed together do not come back together. */
const JITTER = 0.2

/** Svix sends an event at once and seven times more, the last one after 27 h 35 min 5 s. https://docs.svix.com/retries */
export const SVIX_ATTEMPTS = 8
export const SVIX_SECONDS = 28 * 3600

/**
 * How long an event waits for its next attempt, in whole milliseconds. The one rule of it, for deliveries and workers.
 *
 * @param attempts how often it was claimed; at least 1
 * @param random from 0 to 1
 */
export function retryAfterMs(
  attempts: number,
  { firstSeconds, longestSeconds }: Schedule = DEFAULT_SCHEDULE,
  random: number = Math.random(),
): number {
  return Math.round(exponential(attempts, firstSeconds, longestSeconds) * (1 - random * JITTER) * 1000)
}

/**
 * How many attempts it takes to outlive Svix: those by the schedule, each as early as it can be, and all of Svix's own,
 * which count as well. An event that a worker gives up is then one that Svix has given up too.
 */
export function attemptsToOutliveSvix(schedule: Schedule): number {
  let attempts = 1
  for (let ms = 0; ms < SVIX_SECONDS * 1000 && attempts < MAX_ATTEMPTS; attempts++) {
    ms += retryAfterMs(attempts, schedule, 1)
  }
  return Math.min(MAX_ATTEMPTS, attempts + SVIX_ATTEMPTS)
}

/** Of any event, whatever the schedule. */
export const MAX_ATTEMPTS = 10_000
