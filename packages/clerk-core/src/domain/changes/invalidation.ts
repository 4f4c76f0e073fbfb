/** What {@link Invalidation.subscribe} calls. None of them throws. */
export interface InvalidationListener {
  /** The log has a new entry, at this position. */
  changed(position: string): void
  /** Some may have been missed: the connection was cut off, or what was sent meanwhile is no longer there. */
  gap(): void
  /** The connection was lost or refused; the subscription tries again by itself. */
  failed(error: unknown): void
}

/**
 * A faster way for processes to tell each other that the inbox's log has something new. It is a hint: it causes a look at
 * the log, never more, and what it loses the next look brings all the same. What comes over it need not be true.
 */
export interface Invalidation {
  /** Called after an entry was appended here. A failure is observed, never thrown at the webhook. */
  publish(position: string): Promise<void>
  /**
   * Calls `listener` for positions published anywhere, and goes on after the connection was lost; resolves when the first
   * attempt to connect has ended, with a function that ends it.
   */
  subscribe(listener: InvalidationListener): Promise<() => Promise<void>>
}
