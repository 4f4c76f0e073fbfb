import type { StoredEvent } from '../../domain/store/inbox.js'
import { nameOf } from '../../ground/error-name.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import { exponential } from '../../ground/timing/backoff.js'
import { unref } from '../../ground/timing/unref.js'
import type { ClerkWebhooks } from './administration.js'
import { OUTAGE, type Processed } from './receive.js'
import { type InboxWorkerOptions, resolveWorkerOptions } from './worker-options.js'
import { workerPartsOf } from './worker-parts.js'

/** Processes stored events that are due. */
export interface InboxWorker {
  /**
   * Polls from now on. No timer of it keeps the process alive. Handlers have to be registered before: an event runs those of
   * the process that takes it. Calling it again does nothing.
   */
  start(): void
  /**
   * Processes what is due until nothing is, and says what became of it: for a cron job, or a test.
   *
   * @throws {StoreUnavailableError}, or whatever a store throws, when it cannot go on; what was in hand is finished before
   */
  drain(): Promise<{
    /** They are done. */
    readonly processed: number
    /** They failed, and are due again later. */
    readonly failed: number
    /** They failed as often as they may, and are not tried again. */
    readonly exhausted: number
    /** Finished events that were pruned. */
    readonly pruned: number
  }>
  /** Takes no more, and resolves when what is in hand is finished: at the latest after `webhook.handlerTimeoutSeconds`. */
  stop(): Promise<void>
}

type Counts = { -readonly [K in keyof Awaited<ReturnType<InboxWorker['drain']>>]: number }

const LONGEST_PAUSE_SECONDS = 60
const PRUNE_MS = 3600 * 1000
/** Events that are asked for, for each that is processed at a time: processes that ask together take others of them. */
const CHOICE = 4

/**
 * A worker processes open events of the inbox that are due: those that failed, and those whose process was killed. Without
 * one they wait for Svix's next attempt. Any number of processes may have one: each event is claimed first.
 *
 * @param clerk what `createClerk` returned, with an inbox. `clerk.close()` stops its workers first
 * @throws {ConfigurationError} with every problem and its remedy
 */
export function createInboxWorker(
  clerk: { readonly webhooks: ClerkWebhooks },
  options?: InboxWorkerOptions,
): InboxWorker {
  const parts = workerPartsOf(clerk)
  const { observer, now } = parts
  const { concurrency, maxAttempts, pollSeconds, schedule, prune } = resolveWorkerOptions(
    options,
    parts.inbox !== null,
  )
  const policy = { maxAttempts, schedule }
  parts.policy = policy
  const inHand = new Map<string, Promise<void>>()
  const totals: Counts = { processed: 0, failed: 0, exhausted: 0, pruned: 0 }
  /** The pass that is under way, or the last one of those that wait for it. One at a time. */
  let passes: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let started = false
  /** Counts the calls of `stop`: what was begun before the last one ends. */
  let stops = 0
  let failures = 0

  /** @throws whatever a store throws */
  async function processOne(event: StoredEvent): Promise<void> {
    // An event that failed for a store's outage may be tried more often: the store counts those attempts as well.
    const maxRuns = event.error === OUTAGE ? Number.POSITIVE_INFINITY : maxAttempts
    const ended = await parts.work(event, { ...policy, maxRuns })
    const count = countOf(ended)
    if (count !== null) totals[count]++
    if (ended.kind === 'unavailable') {
      throw new StoreUnavailableError('A store could not be reached while an event was processed.')
    }
  }

  /** Processes until nothing is due. @throws the first thing that a store threw, when what is in hand is finished */
  async function pass(isStopped: () => boolean): Promise<void> {
    /** By id, the attempts that it had: an event that comes again with as many was not claimed, and would come for ever. */
    const tried = new Map<string, number>()
    const errors: unknown[] = []
    // An outage concerns all events, any other error (a fault of the schema, say) perhaps the one.
    const goesOn = () => !isStopped() && !errors.some((error) => error instanceof StoreUnavailableError)

    /**
     * As many as there are free places. They are claimed at once, and no others are remembered: what another process has
     * tried in the meantime would be claimed again before it is due.
     */
    async function nextEvents(): Promise<StoredEvent[]> {
      const free = concurrency - inHand.size
      if (free === 0) return []
      // What is in hand is not due while its lease lasts; it must not crowd out the others when it did not.
      const due = (await parts.inbox?.due(concurrency * CHOICE + inHand.size + errors.length)) ?? []
      const isNew = ({ id, attempts }: StoredEvent) => !inHand.has(id) && tried.get(id) !== attempts
      const choice = due.filter(isNew)
      const first = Math.floor(Math.random() * Math.max(1, choice.length - free + 1))
      return choice.slice(first, first + free)
    }

    function take(event: StoredEvent): void {
      tried.set(event.id, event.attempts)
      const processing = processOne(event)
        .catch((error: unknown) => void errors.push(error))
        .finally(() => inHand.delete(event.id))
      inHand.set(event.id, processing)
    }

    while (goesOn()) {
      try {
        const events = await nextEvents()
        if (goesOn()) for (const event of events) take(event)
      } catch (error) {
        errors.push(error)
      }
      if (inHand.size === 0) break
      await oneEndsOrPollIsDue()
    }
    await Promise.all(inHand.values())
    if (errors.length > 0) throw errors[0]
    if (!isStopped()) await pruneSometimes()
  }

  /** A slow event holds up no other: as soon as one place is free, or another event may have become due, it is looked for. */
  async function oneEndsOrPollIsDue(): Promise<void> {
    let pause: NodeJS.Timeout | undefined
    const paused = new Promise<void>((resolve) => {
      pause = unref(setTimeout(resolve, pollSeconds * 1000))
    })
    await Promise.race([paused, ...inHand.values()])
    clearTimeout(pause)
  }

  async function pruneSometimes(): Promise<void> {
    const age = parts.prunedAt === null ? null : now() - parts.prunedAt
    // A clock that was set back makes everything old.
    if (prune === null || (age !== null && age >= 0 && age < PRUNE_MS)) return
    parts.prunedAt = now()
    totals.pruned += await parts.prune(prune)
  }

  /** After the one that is under way: there are never two. */
  function nextPass(): Promise<void> {
    const begun = stops
    const next = passes.then(() => pass(() => stops !== begun))
    passes = next.catch(() => undefined)
    return next
  }

  async function poll(): Promise<void> {
    const begun = stops
    let seconds = pollSeconds
    try {
      await nextPass()
      failures = 0
    } catch (error) {
      failures++
      seconds = exponential(failures, pollSeconds, Math.max(pollSeconds, LONGEST_PAUSE_SECONDS))
      observer.emit('worker.error', {
        message: `The worker could not use the store (${nameOf(error)}).`,
        retryAfterSeconds: seconds,
      })
    }
    // Up to a fifth earlier: processes that were started together do not ask together.
    if (started && stops === begun) timer = unref(setTimeout(poll, seconds * 1000 * (1 - Math.random() / 5)))
  }

  const worker: InboxWorker = {
    start() {
      if (started) return
      started = true
      parts.workers.add(worker)
      timer = unref(setTimeout(poll))
    },
    async drain() {
      const before = { ...totals }
      parts.workers.add(worker)
      try {
        await nextPass()
      } finally {
        if (!started) parts.workers.delete(worker)
      }
      const count = (name: keyof Counts) => totals[name] - before[name]
      return {
        ...{ processed: count('processed'), failed: count('failed') },
        ...{ exhausted: count('exhausted'), pruned: count('pruned') },
      }
    },
    async stop() {
      started = false
      stops++
      clearTimeout(timer)
      await passes
      if (!started) parts.workers.delete(worker)
    },
  }
  return worker
}

/** `null`: another process has it, or had it. */
function countOf({ kind, isExhausted }: Processed): keyof Counts | null {
  if (isExhausted) return 'exhausted'
  if (kind === 'processed' || kind === 'unknown-type') return 'processed'
  return kind === 'failed' || kind === 'unavailable' ? 'failed' : null
}
