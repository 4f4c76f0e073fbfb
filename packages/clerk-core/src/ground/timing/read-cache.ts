import { LRUCache } from 'lru-cache'
import type { MaybePromise } from './maybe-promise.js'

/**
 * Answers of a slower source, kept for a while. One read per key at a time; a read that began before its key was
 * dropped is answered to those who waited for it and never kept, and nobody who comes after the drop joins it.
 */
export interface ReadCache<V> {
  /** What is kept and still fresh. Synchronous. */
  kept(key: string): Kept<V> | undefined
  /** The kept value, else the read under way, else a new one. */
  load(key: string, read: () => Promise<V>): MaybePromise<V>
  drop(key: string): void
  dropWhere(matches: (key: string) => boolean): void
  dropAll(): void
}

/** A kept answer. Whoever holds on to what was made of it asks this, not the cache, whether it still stands. */
export interface Kept<V> {
  readonly value: V
  /** False for good once the key was dropped, pushed out or written again. @param nowMs the cache's clock */
  isFresh(nowMs: number): boolean
}

export interface ReadCacheOptions<V> {
  /** Entries; 0 keeps nothing, reads are still shared. */
  readonly max: number
  readonly ttlSeconds: number
  /** Milliseconds. */
  readonly now: () => number
  /** Whether an answer may be kept. */
  readonly keeps: (value: V) => boolean
}

class Entry<V> implements Kept<V> {
  readonly value: V
  readonly #at: number
  readonly #ttlMs: number
  #isHeld = true

  constructor(value: V, at: number, ttlMs: number) {
    this.value = value
    this.#at = at
    this.#ttlMs = ttlMs
  }

  isFresh(nowMs: number): boolean {
    const age = nowMs - this.#at
    // A clock that was set back would make an entry outlive its time.
    return this.#isHeld && age >= 0 && age < this.#ttlMs
  }

  invalidate(): void {
    this.#isHeld = false
  }
}

export function createReadCache<V>({ max, ttlSeconds, now, keeps }: ReadCacheOptions<V>): ReadCache<V> {
  const entries =
    max > 0 ? new LRUCache<string, Entry<V>>({ max, dispose: (entry) => entry.invalidate() }) : null
  const flights = new Map<string, Promise<V>>()

  const kept = (key: string): Entry<V> | undefined => {
    const entry = entries?.get(key)
    if (entry === undefined || entry.isFresh(now())) return entry
    entries?.delete(key)
    return undefined
  }

  return {
    kept,
    load(key, read) {
      const entry = kept(key)
      if (entry !== undefined) return entry.value
      const underWay = flights.get(key)
      if (underWay !== undefined) return underWay
      // Fresh since the moment it was begun: what happened meanwhile may be missing from it.
      const at = now()
      const flight: Promise<V> = read().then(
        (value) => {
          // Dropped meanwhile: the flight was taken off the map, and perhaps another one has its place.
          if (flights.get(key) === flight) {
            flights.delete(key)
            if (keeps(value)) entries?.set(key, new Entry(value, at, ttlSeconds * 1000))
          }
          return value
        },
        (error: unknown) => {
          if (flights.get(key) === flight) flights.delete(key)
          throw error
        },
      )
      flights.set(key, flight)
      return flight
    },
    drop(key) {
      entries?.delete(key)
      flights.delete(key)
    },
    dropWhere(matches) {
      for (const key of [...(entries?.keys() ?? [])]) if (matches(key)) entries?.delete(key)
      for (const key of [...flights.keys()]) if (matches(key)) flights.delete(key)
    },
    dropAll() {
      entries?.clear()
      flights.clear()
    },
  }
}
