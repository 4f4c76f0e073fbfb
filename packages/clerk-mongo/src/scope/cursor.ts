import type { AbstractCursor } from 'mongodb'

/**
 * What may be done with a result. The driver's cursors can do more: put another filter in the place of the one that
 * confines them, or add stages.
 */
export interface ScopedCursor<T> extends AsyncIterable<T> {
  toArray(): Promise<T[]>
  /** `null` at the end. */
  next(): Promise<T | null>
  hasNext(): Promise<boolean>
  close(): Promise<void>
}

export function scopedCursor<T>(cursor: AbstractCursor<T>): ScopedCursor<T> {
  return {
    toArray: () => cursor.toArray(),
    next: () => cursor.next(),
    hasNext: () => cursor.hasNext(),
    close: async () => {
      await cursor.close()
    },
    [Symbol.asyncIterator]: () => cursor[Symbol.asyncIterator](),
  }
}
