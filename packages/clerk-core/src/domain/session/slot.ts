import type { Credentials } from '../credentials/credentials.js'
import type { SessionMarker } from './marker.js'
import type { SessionRecord } from './record.js'

type CarriedSession = NonNullable<Credentials['session']>

export interface RenewOptions {
  /** Whether the new session holds what the old one did. */
  readonly keep: boolean
  /** What the old row holds from then on, where there is one. */
  readonly marker: SessionMarker
  /** Aborted when `store.timeoutSeconds` have passed. */
  readonly signal: AbortSignal
}

/** Our place in the framework's own session: what an adapter implements. */
export interface SessionSlot extends CarriedSession {
  /** Stores the record as it is: plain JSON. */
  write(record: SessionRecord): void | Promise<void>
  renew(options: RenewOptions): unknown
}
