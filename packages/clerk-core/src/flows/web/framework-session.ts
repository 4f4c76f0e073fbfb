import type { SessionRecord } from '../../domain/session/record.js'
import type { RenewOptions, SessionSlot } from '../../domain/session/slot.js'

/** The field of the application's session that holds our record. */
export const SESSION_KEY = 'acmeClerk'

/** Our record in the session of a framework's package. An adapter implements what differs between the packages. */
export abstract class FrameworkSession implements SessionSlot {
  readonly #hasLocalUser: boolean

  constructor(hasLocalUser: boolean) {
    this.#hasLocalUser = hasLocalUser
  }

  abstract read(): unknown
  abstract write(record: SessionRecord | undefined): void
  abstract renew(options: RenewOptions): unknown
  /** Drops all that the session holds. Handlers can still write to it afterwards. */
  protected abstract clear(): void | Promise<void>

  end(_options?: { signal?: AbortSignal }): void | Promise<void> {
    const record = this.read()
    if (record === undefined || record === null) return
    return this.#hasLocalUser ? this.write(undefined) : this.clear()
  }
}
