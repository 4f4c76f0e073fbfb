import type { Change } from '../store/inbox.js'

/**
 * A faster way for processes to tell each other what changed than polling the inbox (which stays the source of truth:
 * what this loses, the next poll brings).
 */
export interface Invalidation {
  /** Called after a change was applied here. A failure is observed, never thrown at the webhook. */
  publish(change: Change): Promise<void>
  /** Calls `listener` for changes published anywhere; resolves with a function that ends it. */
  subscribe(listener: (change: Change) => void): Promise<() => Promise<void>>
}
