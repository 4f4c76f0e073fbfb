import { Problems } from '../../ground/options/problems.js'
import { type OptionRules, readOptions, rule } from '../../ground/options/read-options.js'
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
const OPTIONS: OptionRules<InboxWorkerOptions> = {
  concurrency: rule.number({ least: 1, most: 100, whole: true }),
  maxAttempts: rule.number({ least: 1, most: MAX_ATTEMPTS, whole: true }),
  pollSeconds: rule.number({ least: 0.1, most: 3600 }),
  backoff: rule.group<NonNullable<InboxWorkerOptions['backoff']>>({
    firstSeconds: rule.number({ least: 0.1, most: DAY }),
    longestSeconds: rule.number({ least: 0.1, most: DAY }),
  }),
  prune: rule.group<{ olderThanSeconds?: number }>(
    { olderThanSeconds: rule.number({ least: 3600, most: 3650 * DAY }) },
    false,
  ),
}

/** @throws {ConfigurationError} with every problem and its remedy */
export function resolveWorkerOptions(
  given: InboxWorkerOptions | undefined,
  hasInbox: boolean,
): ResolvedWorkerOptions {
  const problems = new Problems()
  if (!hasInbox) {
    problems.add(
      'inbox',
      'is missing: a worker needs one.',
      'Spread a store into createClerk: { ...fromEnv(), ...memoryStore() }.',
    )
  }
  const read = readOptions('createInboxWorker', given, OPTIONS, problems)
  // What is wrong has been noted: here it is only not to be read.
  const { firstSeconds = DEFAULT_SCHEDULE.firstSeconds, longestSeconds = DEFAULT_SCHEDULE.longestSeconds } =
    read.backoff ?? {}
  const schedule = { firstSeconds, longestSeconds }
  if (firstSeconds > longestSeconds) {
    problems.add(
      'createInboxWorker backoff',
      'has a `firstSeconds` longer than `longestSeconds`.',
      'Give a shorter first wait, or a longer longest one.',
    )
  }
  problems.throwIfAny()
  const { concurrency = 4, maxAttempts = attemptsToOutliveSvix(schedule), pollSeconds = 5, prune = {} } = read
  const { olderThanSeconds } = prune || {}
  return {
    concurrency,
    maxAttempts,
    pollSeconds,
    schedule,
    prune: prune === false ? null : olderThanSeconds === undefined ? {} : { olderThanSeconds },
  }
}
