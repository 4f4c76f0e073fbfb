import type { SessionRecord } from '../../domain/session/record.js'
import type { SessionSlot } from '../../domain/session/slot.js'

/** Under which name our record stands among the fields of the application's session. */
export const SESSION_KEY = 'acmeClerk'

/** Our place in the session of a framework's package. What differs between the packages is left to the adapters. */
export abstract class FrameworkSession implements SessionSlot {
  readonly #hasLocalUser: boolean

  constructor(hasLocalUser: boolean) {
    this.#hasLocalUser = hasLocalUser
  }

  abstract read(): unknown
  abstract write(record: SessionRecord | undefined): void
  abstract renew(options: { keep: boolean }): void | Promise<void>
  /** Drops all that the session holds and leaves one that handlers can go on writing to. */
  protected abstract clear(): void | Promise<void>

  end(): void | Promise<void> {
    const record = this.read()
    if (record === undefined || record === null) return
    return this.#hasLocalUser ? this.write(undefined) : this.clear()
  }
}
