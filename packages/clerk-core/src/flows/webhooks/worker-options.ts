import { Problems } from '../../ground/options/problems.js'
import { toRecord } from '../../ground/options/read.js'
import { checkNumber, type Range } from '../../ground/options/values.js'
import { attemptsToOutliveSvix, DEFAULT_SCHEDULE, MAX_ATTEMPTS, type Schedule } from './schedule.js'

/** How a worker works. Every option has a default. */
export interface InboxWorkerOptions {
  /** How many events this worker processes at a time: 1–100. Default 4. */
  readonly concurrency?: number | undefined
  /**
   * An event that fails this time is given up: 1–10,000. Every attempt counts, Svix's as well. Default: as many as it takes
   * to go on for longer than Svix does (28 hours); 53 with the default `backoff`.
   */
  readonly maxAttempts?: number | undefined
  /** How often the worker asks for events that are due, when there are none: 0.1–3600 seconds. Default 5. */
  readonly pollSeconds?: number | undefined
  /** How long a failed event waits: `firstSeconds` (default 5), doubled each time up to `longestSeconds` (default 3600). */
  readonly backoff?:
    | { readonly firstSeconds?: number | undefined; readonly longestSeconds?: number | undefined }
    | undefined
  /**
   * Removes finished events and old entries of the log, at most once an hour per process: see `clerk.webhooks.prune`.
   * Default: those of more than 30 days ago. `false`: removes none.
   */
  readonly prune?: false | { readonly olderThanSeconds?: number | undefined } | undefined
}

export interface ResolvedWorkerOptions {
  readonly concurrency: number
  readonly maxAttempts: number
  readonly pollSeconds: number
  readonly schedule: Schedule
  /** `null`: not at all. */
  readonly prune: { readonly olderThanSeconds?: number } | null
}

const DAY = 86_400
const NUMBERS = {
  concurrency: { least: 1, most: 100, whole: true },
  maxAttempts: { least: 1, most: MAX_ATTEMPTS, whole: true },
  pollSeconds: { least: 0.1, most: 3600 },
  'backoff.firstSeconds': { least: 0.1, most: DAY },
  'backoff.longestSeconds': { least: 0.1, most: DAY },
  'prune.olderThanSeconds': { least: 3600, most: 3650 * DAY },
} as const satisfies Record<string, Range>

/** @throws {ConfigurationError} with every problem and its remedy */
export function resolveWorkerOptions(given: InboxWorkerOptions, hasInbox: boolean): ResolvedWorkerOptions {
  const problems = new Problems()
  if (!hasInbox) {
    problems.add(
      'inbox',
      'is missing: a worker needs one.',
      'Spread a store into createClerk: { ...fromEnv(), ...memoryStore() }.',
    )
  }
  const number = (name: keyof typeof NUMBERS, value: unknown, fallback: number) =>
    value === undefined ? fallback : (problems.take(name, checkNumber(value, NUMBERS[name])) ?? fallback)

  const backoff = toRecord(given.backoff)
  const schedule = {
    firstSeconds: number('backoff.firstSeconds', backoff.firstSeconds, DEFAULT_SCHEDULE.firstSeconds),
    longestSeconds: number('backoff.longestSeconds', backoff.longestSeconds, DEFAULT_SCHEDULE.longestSeconds),
  }
  if (schedule.firstSeconds > schedule.longestSeconds) {
    problems.add(
      'backoff',
      'has a `firstSeconds` longer than `longestSeconds`.',
      'Give a shorter first wait, or a longer longest one.',
    )
  }
  const { prune } = given
  const isRecord = typeof prune === 'object' && prune !== null
  if (prune !== undefined && prune !== false && !isRecord) {
    problems.add('prune', 'is not `{ olderThanSeconds }` or `false`.', 'Leave it out for 30 days.')
  }
  const older = isRecord ? prune.olderThanSeconds : undefined
  const resolved = {
    concurrency: number('concurrency', given.concurrency, 4),
    maxAttempts: number('maxAttempts', given.maxAttempts, attemptsToOutliveSvix(schedule)),
    pollSeconds: number('pollSeconds', given.pollSeconds, 5),
    schedule,
    prune:
      prune === false
        ? null
        : older === undefined
          ? {}
          : { olderThanSeconds: number('prune.olderThanSeconds', older, 30 * DAY) },
  }
  problems.throwIfAny()
  return resolved
}
