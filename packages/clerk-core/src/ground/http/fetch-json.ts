import type { GiveUp } from '../timing/closing.js'
import { TimeoutError, withTimeout } from '../timing/timeout.js'
import { discardBody, readLimited } from './read-limited.js'

export interface JsonRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Gives up early, on `close()`. */
  readonly signal?: GiveUp
}

/** `json` is `undefined` unless the status is 200 and the body is JSON within the limit; `problem` then says why. */
export interface JsonResponse {
  /** 0: no response. */
  readonly status: number
  readonly retryAfter: string | null
  readonly json: unknown
  readonly problem: string | null
}

/**
 * One bounded exchange: a timeout for the whole of it, a cap on the body, no redirect followed (a redirect of a key
 * set or of a secret-bearing request is an attack or a mistake). Never rejects; `problem` holds no header and no body.
 */
export async function fetchJson(fetch: typeof globalThis.fetch, request: JsonRequest): Promise<JsonResponse> {
  try {
    return await withTimeout(request.timeoutMs, (signal) => exchange(fetch, request, signal), request.signal)
  } catch (error) {
    const problem = error instanceof TimeoutError ? error.message : connectionProblem(error)
    return { status: 0, retryAfter: null, json: undefined, problem }
  }
}

async function exchange(
  fetch: typeof globalThis.fetch,
  { url, method = 'GET', headers = {}, body, maxBytes }: JsonRequest,
  signal: AbortSignal,
): Promise<JsonResponse> {
  const response = await fetch(url, {
    method,
    headers: { accept: 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal,
  })
  const { status } = response
  const retryAfter = response.headers.get('retry-after')
  const result = (problem: string | null, json?: unknown) => ({ status, retryAfter, json, problem })
  if (status !== 200) {
    discardBody(response)
    return result(status >= 300 && status < 400 ? `answered ${status}, a redirect` : `answered ${status}`)
  }
  try {
    return result(null, JSON.parse(await readLimited(response, maxBytes)))
  } catch (error) {
    if (error instanceof RangeError) return result(`answered with more than ${maxBytes} bytes`)
    if (error instanceof SyntaxError) return result('answered with something that is not JSON')
    throw error
  }
}

/** Only the system's own code: a message might quote a URL with credentials or a header. */
function connectionProblem(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code)
    ? `could not be reached (${code})`
    : 'could not be reached'
}
