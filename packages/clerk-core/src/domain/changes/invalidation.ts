/**
 * A faster way for processes to tell each other that the log has a new entry than polling it. What comes this way is a
 * hint: it causes a look at the log, which stays the source of truth, and can neither sign in nor hide anything.
 */
export interface Invalidation {
  /** Called after an entry was appended here. A failure is observed, never thrown at the webhook. */
  publish(position: string): Promise<void>
  /**
   * Calls `listener` for what is published anywhere, and goes on when the connection was lost; resolves when the first
   * attempt to connect has ended, with a function that ends it.
   */
  subscribe(listener: InvalidationListener): Promise<() => Promise<void>>
}

export interface InvalidationListener {
  /** @param position of an entry in the log, as {@link Invalidation.publish} got it */
  changed(position: string): void
  /** Something may have been missed. */
  gap(): void
  /** The connection was lost or refused; the subscription tries again by itself. */
  failed(error: unknown): void
}
