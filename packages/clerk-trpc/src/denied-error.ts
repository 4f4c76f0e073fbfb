import { type Denial, DeniedError } from '@acme/clerk-core'
import { TRPCError } from '@trpc/server'

const CODES = { 401: 'UNAUTHORIZED', 403: 'FORBIDDEN', 503: 'SERVICE_UNAVAILABLE' } as const

/** Its cause holds what an `errorFormatter` or `responseMeta` may send to the client. */
export function deniedError(denied: Denial | DeniedError): TRPCError {
  const cause = denied instanceof DeniedError ? denied : new DeniedError(denied)
  return new TRPCError({ code: CODES[cause.status], message: cause.message, cause })
}
