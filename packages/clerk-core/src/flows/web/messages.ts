import type { IncomingHttpHeaders } from 'node:http'
import type { WebErrorCode } from '../../ground/errors.js'

/** A request as every framework can describe it. */
export interface WebRequest {
  readonly method: string
  /** Path and query as the client sent them, before a router took a prefix off. */
  readonly url: string
  /** Scheme and authority the client used, as the framework's trust-proxy setting has it; `null` when they are unusable. */
  readonly origin: string | null
  readonly headers: IncomingHttpHeaders
}

/** A response for an adapter to render: JSON, or headers alone. */
export interface WebResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>> | null
}

/** The one shape of every refusal: it never says more than its code. */
export function refusal(
  status: number,
  code: WebErrorCode,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): WebResponse {
  return { status, headers, body: { error, code } }
}

const AUTHORITY = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/**
 * @param protocol `http` or `https`, trust-proxy honoured
 * @param host the `Host` header or, from a trusted proxy, the first of `X-Forwarded-Host`
 */
export function originOf(protocol: string, host: string | undefined): string | null {
  const first = host?.split(',', 1)[0]?.trim() ?? ''
  // The client chooses `Host`: a value that is not a plain authority could put a path or user info into a redirect.
  if (!AUTHORITY.test(first) || !/^https?$/.test(protocol)) return null
  try {
    return new URL(`${protocol}://${first}`).origin
  } catch {
    return null
  }
}
