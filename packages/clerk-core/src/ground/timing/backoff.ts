import { LRUCache } from 'lru-cache'

/** How many keys are remembered; a flood of them forgets the oldest, it does not fill the memory. */
const MAX_KEYS = 10_000

/** Remembers what failed and when it may be tried again. */
export interface Backoff<V> {
  /** What the last failure answered, and the seconds to wait; `null` when it may be tried (again). */
  waiting(key: string): { readonly value: V; readonly retryAfterSeconds: number } | null
  /** Doubles the wait from `baseSeconds` up to `maxSeconds`; never shorter than `atLeastSeconds`. */
  failed(key: string, value: V, atLeastSeconds?: number): number
  succeeded(key: string): void
  clear(): void
}

export function createBackoff<V>(options: {
  readonly baseSeconds: number
  readonly maxSeconds: number
  /** Milliseconds. */
  readonly now: () => number
}): Backoff<V> {
  const { baseSeconds, maxSeconds, now } = options
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
      const doubled = baseSeconds * 2 ** Math.min(count - 1, 20)
      const seconds = Math.min(maxSeconds, Math.max(doubled, atLeastSeconds))
      failures.set(key, { value, count, at: now(), seconds })
      return seconds
    },
    succeeded: (key) => void failures.delete(key),
    clear: () => failures.clear(),
  }
}
