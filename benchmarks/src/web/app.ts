import type { Server } from 'node:http'

export interface App {
  listen(done: () => void): Server
  /** Writes to the session store so far. */
  writes(): number
}
