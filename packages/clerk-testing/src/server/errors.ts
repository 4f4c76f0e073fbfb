import { randomBytes } from 'node:crypto'

/** A refusal in the form of Clerk's Backend API. Thrown by resources, rendered by the server. */
export class BackendError extends Error {
  override readonly name = 'BackendError'
  readonly status: number
  readonly code: string
  readonly longMessage: string
  readonly meta: Record<string, unknown>
  readonly retryAfterSeconds: number | undefined

  constructor(
    status: number,
    code: string,
    message: string,
    details: { longMessage?: string; meta?: Record<string, unknown>; retryAfterSeconds?: number } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.longMessage = details.longMessage ?? message
    this.meta = details.meta ?? {}
    this.retryAfterSeconds = details.retryAfterSeconds
  }
}

export function errorBody(error: BackendError): object {
  return {
    errors: [{ code: error.code, message: error.message, long_message: error.longMessage, meta: error.meta }],
    clerk_trace_id: randomBytes(16).toString('hex'),
  }
}

export const notFound = (what: string) =>
  new BackendError(404, 'resource_not_found', 'not found', {
    longMessage: `No ${what} was found with that id.`,
  })

export const invalidParameter = (name: string, expected: string) =>
  new BackendError(422, 'form_param_format_invalid', 'is invalid', {
    longMessage: `${name} must be ${expected}.`,
    meta: { param_name: name },
  })

export const invalidValue = (name: string, allowed: readonly unknown[]) =>
  new BackendError(422, 'form_param_value_invalid', 'is invalid', {
    longMessage: `${name} does not match one of the allowed values: ${allowed.join(', ')}.`,
    meta: { param_name: name },
  })

export const missingParameter = (name: string) =>
  new BackendError(422, 'form_param_missing', 'is missing', {
    longMessage: `${name} must be included.`,
    meta: { param_name: name },
  })

export const unknownParameter = (name: string) =>
  new BackendError(422, 'form_param_unknown', 'is unknown', {
    longMessage: `${name} is not a valid parameter for this request.`,
    meta: { param_name: name },
  })

export const takenIdentifier = (name: string) =>
  new BackendError(
    422,
    'form_identifier_exists',
    `That ${name.replaceAll('_', ' ')} is taken. Please try another.`,
    {
      meta: { param_name: name },
    },
  )

export const duplicateRecord = (longMessage: string) =>
  new BackendError(400, 'duplicate_record', 'duplicate invitation', {
    longMessage,
    meta: { param_name: 'email_address' },
  })

export const conflict = (code: string, longMessage: string) =>
  new BackendError(409, code, 'conflict', { longMessage })

export const signedOut = () =>
  new BackendError(401, 'signed_out', 'Signed out', { longMessage: 'You are signed out.' })

export const notServed = (what: string) =>
  new BackendError(404, 'resource_not_found', 'not found', {
    longMessage: `The offline Clerk does not serve ${what} to pages. docs/offline-clerk.md lists what it serves.`,
  })
