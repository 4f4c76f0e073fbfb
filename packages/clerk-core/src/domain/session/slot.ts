import type { SessionRecord } from './record.js'

/** Our place in the framework's own session. Every method may return a promise. */
export interface SessionSlot {
  /** Whatever stands in our place: unvalidated, `undefined` or `null` when there is nothing. */
  read(): unknown
  write(record: SessionRecord): void | Promise<void>
  /**
   * A new session id where the framework's package has ids (against session fixation).
   * `keep: false` drops what the session held: it was another person's.
   */
  renew(options: { keep: boolean }): void | Promise<void>
  /**
   * Does nothing where there is no record of ours. Else drops our record and, unless the application has a local
   * user in the same session, everything else it held.
   */
  end(): void | Promise<void>
}
