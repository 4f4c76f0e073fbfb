import { LRUCache } from 'lru-cache'
import type { MaybePromise } from './maybe-promise.js'
import { createSingleFlight } from './single-flight.js'
import type { Span } from './span.js'

/**
 * Values read from a slower source, cached for a while. One read per key at a time. A read that began before its key was
 * dropped is returned to the callers that waited for it, but is not cached, and no later caller joins it.
 */
export interface ReadCache<V> {
  /** What is cached and still fresh. Synchronous. */
  cached(key: string): Cached<V> | undefined
  /** The cached value, else the read under way, else a new one. */
  load(key: string, read: () => Promise<V>): MaybePromise<V>
  drop(key: string): void
  dropWhere(matches: (key: string) => boolean): void
  dropAll(): void
}

/**
 * A cached value. A caller that keeps something made of it asks this, not the cache, whether it is still true. The span: while
 * nothing drops it.
 */
export interface Cached<V> extends Span {
  readonly value: V
  /** False for good once the key was dropped, pushed out or written again. @param nowMs the cache's clock */
  isFresh(nowMs: number): boolean
}

export interface ReadCacheOptions<V> {
  /** Entries; 0 caches nothing, reads are still shared. */
  readonly max: number
  readonly ttlSeconds: number
  /** Milliseconds. */
  readonly now: () => number
  readonly mayCache: (value: V) => boolean
  /** Called whenever a cached value is not true any more, but for the time. Must not throw. */
  readonly dropped?: () => void
}

class Entry<V> implements Cached<V> {
  readonly value: V
  readonly from: number
  readonly until: number
  #isInCache = true

  constructor(value: V, at: number, ttlMs: number) {
    this.value = value
    this.from = at
    this.until = at + ttlMs
  }

  isFresh(nowMs: number): boolean {
    // A clock that was set back would make an entry outlive its time.
    return this.#isInCache && nowMs >= this.from && nowMs < this.until
  }

  invalidate(): void {
    this.#isInCache = false
  }
}

export function createReadCache<V>({
  max,
  ttlSeconds,
  now,
  mayCache,
  dropped,
}: ReadCacheOptions<V>): ReadCache<V> {
  const dispose = (entry: Entry<V>) => {
    entry.invalidate()
    dropped?.()
  }
  const entries = max > 0 ? new LRUCache<string, Entry<V>>({ max, dispose }) : null
  const flights = createSingleFlight<V>()

  const cached = (key: string): Entry<V> | undefined => {
    const entry = entries?.get(key)
    if (entry === undefined || entry.isFresh(now())) return entry
    entries?.delete(key)
    return undefined
  }

  return {
    cached,
    load(key, read) {
      const entry = cached(key)
      if (entry !== undefined) return entry.value
      return flights.run(key, async (isCurrent) => {
        // Fresh since the moment the read was begun: what happened meanwhile may be missing from it.
        const at = now()
        const value = await read()
        if (isCurrent() && mayCache(value)) entries?.set(key, new Entry(value, at, ttlSeconds * 1000))
        return value
      })
    },
    drop(key) {
      entries?.delete(key)
      flights.forget(key)
    },
    dropWhere(matches) {
      for (const key of [...(entries?.keys() ?? [])]) if (matches(key)) entries?.delete(key)
      flights.forgetWhere(matches)
    },
    dropAll() {
      entries?.clear()
      flights.forgetAll()
    },
  }
}
