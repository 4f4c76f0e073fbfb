import type { Credentials } from '../credentials/credentials.js'
import type { SessionRecord } from './record.js'

type CarriedSession = NonNullable<Credentials['session']>

/** Our place in the framework's own session: what an adapter implements. */
export interface SessionSlot extends CarriedSession {
  /** Stores the record as it is: plain JSON. */
  write(record: SessionRecord): void | Promise<void>
}
