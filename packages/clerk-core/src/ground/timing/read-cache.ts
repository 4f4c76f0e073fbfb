import { LRUCache } from 'lru-cache'
import type { MaybePromise } from './maybe-promise.js'
import { createSingleFlight } from './single-flight.js'

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

/** A cached value. A caller that keeps something made of it asks this, not the cache, whether it is still true. */
export interface Cached<V> {
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
}

class Entry<V> implements Cached<V> {
  readonly value: V
  readonly #at: number
  readonly #ttlMs: number
  #isInCache = true

  constructor(value: V, at: number, ttlMs: number) {
    this.value = value
    this.#at = at
    this.#ttlMs = ttlMs
  }

  isFresh(nowMs: number): boolean {
    const age = nowMs - this.#at
    // A clock that was set back would make an entry outlive its time.
    return this.#isInCache && age >= 0 && age < this.#ttlMs
  }

  invalidate(): void {
    this.#isInCache = false
  }
}

export function createReadCache<V>({ max, ttlSeconds, now, mayCache }: ReadCacheOptions<V>): ReadCache<V> {
  const entries =
    max > 0 ? new LRUCache<string, Entry<V>>({ max, dispose: (entry) => entry.invalidate() }) : null
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
