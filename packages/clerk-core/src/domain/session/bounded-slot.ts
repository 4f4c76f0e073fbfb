import { withTimeout } from '../../ground/timing/timeout.js'
import type { SessionRecord } from './record.js'
import type { RenewOptions, SessionSlot } from './slot.js'

/** A slot as core calls it: each call takes `timeoutSeconds` at the most, however silent the framework's store is. */
export class BoundedSlot {
  readonly #slot: SessionSlot
  readonly #ms: number

  constructor(slot: SessionSlot, timeoutSeconds: number) {
    this.#slot = slot
    this.#ms = timeoutSeconds * 1000
  }

  /** Not a promise where the slot answers at once, as those of the adapters do. */
  read(): unknown {
    return this.#bounded(this.#slot.read())
  }

  write(record: SessionRecord): unknown {
    return this.#bounded(this.#slot.write(record))
  }

  renew(options: Omit<RenewOptions, 'signal'>): Promise<unknown> {
    return withTimeout(this.#ms, (signal) => this.#slot.renew({ ...options, signal }))
  }

  end(): Promise<void> {
    return withTimeout(this.#ms, (signal) => this.#slot.end({ signal }))
  }

  #bounded<T>(value: T | Promise<T>): T | Promise<T> {
    return value instanceof Promise ? withTimeout(this.#ms, () => value) : value
  }
}
