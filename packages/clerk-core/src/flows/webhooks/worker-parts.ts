import type { Inbox, StoredEvent } from '../../domain/store/inbox.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ClerkWebhooks } from './administration.js'
import type { AttemptPolicy, Processed } from './receive.js'

/** What a worker needs of a clerk. */
export interface WorkerParts {
  /** `null`: none is configured. */
  readonly inbox: Inbox | null
  readonly work: (event: StoredEvent, policy: AttemptPolicy) => Promise<Processed>
  readonly prune: ClerkWebhooks['prune']
  readonly observer: Observer
  /** The clock, in milliseconds. */
  readonly now: () => number
  /** When a worker of this process pruned last. Shared by all workers of the clerk. */
  prunedAt: number | null
  /** Of the newest worker: deliveries in this process obey it as well. */
  policy: AttemptPolicy
  /** Stopped by `clerk.close()`. */
  readonly workers: Set<{ stop(): Promise<void> }>
}

/** Beside the clerk, not on it: see `flows/web/settings.ts`. */
const provided = new WeakMap<object, WorkerParts>()

/** Called once, by `createClerk`. */
export function provideWorkerParts(clerk: object, parts: WorkerParts): void {
  provided.set(clerk, parts)
}

/** @throws {TypeError} for an object that this copy of the package has not created */
export function workerPartsOf(clerk: object): WorkerParts {
  const found = provided.get(clerk)
  if (found !== undefined) return found
  throw new TypeError(
    'This is not what createClerk returned. Pass that object itself, and install one version of @acme/clerk-core.',
  )
}
