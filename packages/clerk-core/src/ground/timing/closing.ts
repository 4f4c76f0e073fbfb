/** What ends a wait early: an `AbortSignal`, or {@link Closing}. */
export interface GiveUp {
  readonly aborted: boolean
  readonly reason: unknown
  throwIfAborted(): void
  addEventListener(type: 'abort', listener: () => void, options?: { once: true }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/**
 * An `AbortSignal` for what outlives a request. On Workers a real one may belong to the request that has made it, so that none is
 * made with a clerk, and none is shared by requests.
 */
export class Closing implements GiveUp {
  readonly #listeners = new Set<() => void>()
  #end: { readonly reason: unknown } | null = null

  get aborted(): boolean {
    return this.#end !== null
  }

  get reason(): unknown {
    return this.#end?.reason
  }

  throwIfAborted(): void {
    if (this.#end !== null) throw this.#end.reason
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  abort(reason: Error): void {
    if (this.#end !== null) return
    this.#end = { reason }
    const told = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of told) listener()
  }
}

/** A signal that ends what waits at this moment, and nothing that begins afterwards. */
export function createClosing(): { signal(): GiveUp; abort(reason: Error): void } {
  let present = new Closing()
  return {
    signal: () => present,
    abort(reason) {
      const ending = present
      present = new Closing()
      ending.abort(reason)
    },
  }
}
