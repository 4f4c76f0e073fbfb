import type { DenialCode } from '../../ground/errors.js'
import { isScope } from '../../ground/options/accept.js'
import type { Denial, Reverification } from './requirement.js'

type FixedCode = Exclude<
  DenialCode,
  'unauthenticated' | 'insufficient-scope' | 'reverification-required' | 'unavailable'
>

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

/** RFC 6750 §3.1. @param scopes all that are needed, not only those that are missing */
export function insufficientScope(scopes: readonly string[]): Denial {
  // Others cannot be granted by name, and cannot be quoted in a header.
  const needed = [...new Set(scopes)].filter(isScope).join(' ')
  const parameters = ['error="insufficient_scope"', ...(needed === '' ? [] : [`scope="${needed}"`])]
  return denial(403, 'insufficient-scope', 'Insufficient scope', {
    'WWW-Authenticate': `Bearer ${parameters.join(', ')}`,
  })
}

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
