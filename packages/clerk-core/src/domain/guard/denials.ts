import type { DenialCode } from '../../ground/errors.js'
import type { Denial, Reverification } from './requirement.js'

type FixedCode = Exclude<DenialCode, 'unauthenticated' | 'reverification-required' | 'unavailable'>

function denial(
  status: Denial['status'],
  code: DenialCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  body: Denial['body'] = { error: message, code },
): Denial {
  return Object.freeze({ status, code, message, headers: Object.freeze(headers), body: Object.freeze(body) })
}

/** Denials that are always the same, made once. */
export const DENIALS: Readonly<Record<FixedCode, Denial>> = {
  'organization-required': denial(403, 'organization-required', 'Organization context required'),
  'organization-mismatch': denial(403, 'organization-mismatch', 'Organization mismatch'),
  forbidden: denial(403, 'forbidden', 'Forbidden'),
}

/** RFC 6750 §3.1: a request without a token is told no error code; one with a token that was refused is. */
export const UNAUTHENTICATED = denial(401, 'unauthenticated', 'Authentication required', {
  'WWW-Authenticate': 'Bearer',
})
export const TOKEN_REFUSED = denial(401, 'unauthenticated', 'Authentication required', {
  'WWW-Authenticate': 'Bearer error="invalid_token"',
})

export function unavailable(retryAfterSeconds: number): Denial {
  return denial(503, 'unavailable', 'Service unavailable', {
    'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))),
  })
}

/** Clerk's own body, which its front-end libraries recognise: they ask the user to verify again. */
export function reverificationRequired(reverification: Reverification): Denial {
  return denial(
    403,
    'reverification-required',
    'Reverification required',
    {},
    {
      clerk_error: { type: 'forbidden', reason: 'reverification-error', metadata: { reverification } },
    },
  )
}
