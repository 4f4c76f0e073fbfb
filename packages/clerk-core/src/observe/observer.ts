import type { ClerkEventName, ClerkEvents, ClerkListener } from './events.js'

/** Internal side of `observe`: modules of core emit through it. */
export interface Observer {
  /** False when nobody listens to this event: skip building it. */
  wants(name: ClerkEventName): boolean
  /** Delivers to every listener and to `node:diagnostics_channel`; a listener that throws harms nothing. */
  emit<N extends ClerkEventName>(name: N, fields: ClerkEvents[N]): void
  add(listener: ClerkListener): () => void
}
