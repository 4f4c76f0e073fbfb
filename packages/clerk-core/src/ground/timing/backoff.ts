import { LRUCache } from 'lru-cache'

/** Keys that are remembered: a flood of them pushes the oldest out and does not fill the memory. */
const MAX_KEYS = 10_000

/** However long a server asks us to wait: a wrong `Retry-After` must not keep us away for hours. */
export const MAX_RETRY_AFTER_SECONDS = 60

/** Doubles from `base` with each failure in a row, up to `max`. @param failures 1 for the first */
export function exponential(failures: number, base: number, max = Number.POSITIVE_INFINITY): number {
  return Math.min(max, base * 2 ** Math.min(failures - 1, 20))
}

/** Remembers what failed and when it may be tried again. */
export interface Backoff<V> {
  /** The value of the last failure and the seconds left to wait; `null` when it may be tried (again). */
  waiting(key: string): { readonly value: V; readonly retryAfterSeconds: number } | null
  /**
   * Doubles the wait from `baseSeconds` up to `maxSeconds`; never shorter than `atLeastSeconds` (a server's
   * `Retry-After`), which counts up to {@link MAX_RETRY_AFTER_SECONDS}. Returns the seconds to wait.
   */
  failed(key: string, value: V, atLeastSeconds?: number): number
  succeeded(key: string): void
  clear(): void
}

export function createBackoff<V>(options: {
  readonly baseSeconds: number
  readonly maxSeconds: number
  /** Milliseconds. */
  readonly now: () => number
  /** A factor of the doubled wait, so that several processes do not come back at once. Default: 1. */
  readonly jitter?: () => number
}): Backoff<V> {
  const { baseSeconds, maxSeconds, now, jitter = () => 1 } = options
  const failures = new LRUCache<string, { value: V; count: number; at: number; seconds: number }>({
    max: MAX_KEYS,
  })
  return {
    waiting(key) {
      const failure = failures.get(key)
      if (failure === undefined) return null
      const left = failure.seconds - (now() - failure.at) / 1000
      // A clock that was set back must not make the wait longer than it was.
      return left > 0 && left <= failure.seconds
        ? { value: failure.value, retryAfterSeconds: Math.max(1, Math.ceil(left)) }
        : null
    },
    failed(key, value, atLeastSeconds = 0) {
      const count = (failures.get(key)?.count ?? 0) + 1
      const doubled = exponential(count, baseSeconds, maxSeconds) * jitter()
      const seconds = Math.max(doubled, Math.min(atLeastSeconds, MAX_RETRY_AFTER_SECONDS))
      failures.set(key, { value, count, at: now(), seconds })
      return seconds
    },
    succeeded: (key) => void failures.delete(key),
    clear: () => failures.clear(),
  }
}
