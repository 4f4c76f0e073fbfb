import { channel } from 'node:diagnostics_channel'
import type { Schema } from './operation.js'

/** An answer that an operation gave, with the parameters it has read. */
export interface Exchange {
  readonly operation: string
  readonly query: unknown
  readonly body: unknown
  /** Names of parameters beside the table's, of body and query. */
  readonly beside: readonly string[]
  readonly status: number
  readonly json: unknown
  readonly response: Schema | undefined
}

// What the tests of this repository hold against Clerk's schemas, whichever package starts the server.
export const exchanges = channel('@acme/clerk-testing:exchange')
export const refusals = channel('@acme/clerk-testing:refusal')
export const emissions = channel('@acme/clerk-testing:event')
