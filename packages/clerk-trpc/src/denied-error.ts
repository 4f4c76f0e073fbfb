import type { Denial } from '@acme/clerk-core'
import { TRPCError } from '@trpc/server'

const CODES = { 401: 'UNAUTHORIZED', 403: 'FORBIDDEN', 503: 'SERVICE_UNAVAILABLE' } as const

/** Cause of the `TRPCError`: holds what an `errorFormatter` or `responseMeta` may send to the client. */
export class DeniedError extends Error {
  override readonly name = 'DeniedError'
  readonly denial: Denial

  constructor(denial: Denial) {
    super(denial.message)
    this.denial = denial
  }
}

export function deniedError(denial: Denial): TRPCError {
  return new TRPCError({
    code: CODES[denial.status],
    message: denial.message,
    cause: new DeniedError(denial),
  })
}
