import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { errorPage } from '../pages/html.js'
import { refusals } from './channels.js'
import { BackendError, errorBody } from './errors.js'
import { type FaultTable, faultReply } from './faults.js'
import { parseJson, parseMultipart, type Reply, readBody, send } from './http.js'
import { originInvalid } from './origin.js'
import { type Call, type Found, nameOf, type Route } from './route.js'

/** One request, as it was answered. */
export interface RequestRecord {
  readonly method: string
  /** Path and query as sent. */
  readonly path: string
  /** `GET /v1/users/:user_id`, or null for a path this server does not have. */
  readonly route: string | null
  /** `GetUser`, or null for what is no operation of the Backend API. */
  readonly operation: string | null
  readonly query: URLSearchParams
  /** Without `authorization` and `cookie`. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: unknown
  /** 0 when the connection was cut or left hanging. */
  readonly status: number
  /** Milliseconds, by the server's clock. */
  readonly at: number
}

export interface ServerParts {
  readonly match: (method: string, url: URL) => Found | undefined
  readonly faults: FaultTable
  readonly requests: RequestRecord[]
  /** @throws {BackendError} 401, 403 or 429 */
  readonly admit: (route: Route, call: Call) => void
  readonly now: () => number
  readonly latencyMs: () => number
  /** Hears of what is refused. */
  readonly refused: (error: BackendError, method: string, path: string) => void
}

const maxRequests = 10_000

export function requestListener(parts: ServerParts): RequestListener {
  return (req, res) => {
    void answer(parts, req, res).catch(() => res.destroy())
  }
}

async function answer(parts: ServerParts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const method = req.method ?? 'GET'
  const target = req.url ?? '/'
  const url = URL.canParse(target, 'http://offline')
    ? new URL(target, 'http://offline')
    : new URL('http://offline/')
  const found = parts.match(method === 'HEAD' ? 'GET' : method, url)
  const headers = flat(req.headers)
  const cors = found?.route.cors?.(headers)
  let parsed: unknown
  const record = (status: number) => {
    if (found?.route.isQuiet) return
    const { authorization: _, cookie: __, ...shown } = headers
    parts.requests.push({
      method,
      path: target,
      route: found ? nameOf(found.route) : null,
      operation: found?.route.operation ?? null,
      query: url.searchParams,
      headers: shown,
      body: parsed,
      status,
      at: parts.now(),
    })
    if (parts.requests.length > maxRequests) parts.requests.shift()
  }

  // A foreign page is refused whatever a test has set, and uses nothing of it up.
  const fault = found && cors !== null ? parts.faults.take(found.route) : undefined
  if (fault?.hang || fault?.down) {
    record(0)
    if (fault.down) res.destroy()
    return
  }
  const wait = (fault?.slowMs ?? 0) + parts.latencyMs()
  if (wait > 0) await delay(wait, undefined, { ref: false })

  const reply: Reply = fault ? (faultReply(fault) ?? (await handle())) : await handle()
  record(reply.status ?? 200)
  send(res, { ...reply, headers: { ...cors, ...reply.headers } })

  async function handle(): Promise<Reply> {
    try {
      const bytes = await readBody(req)
      if (!found)
        throw new BackendError(404, 'not_found', 'not found', {
          longMessage: `There is no ${method} ${url.pathname} here.`,
        })
      const { route, params } = found
      const type = req.headers['content-type'] ?? ''
      const isForm = type.startsWith('application/x-www-form-urlencoded')
      const isMultipart = type.startsWith('multipart/form-data')
      const call: Call = {
        method,
        url,
        query: url.searchParams,
        headers,
        body: undefined,
        form: new URLSearchParams(isForm ? bytes.toString('utf8') : ''),
        ...(isMultipart ? await parseMultipart(bytes, type) : { fields: {}, file: undefined }),
        param: (name) => params[name] ?? '',
      }
      if (cors === null) throw originInvalid()
      parts.admit(route, call)
      if (!isForm && !isMultipart) parsed = parseJson(bytes)
      return await route.handle({ ...call, body: parsed })
    } catch (error) {
      const isPage =
        found?.route.access !== 'secret-key' && req.headers.accept?.includes('text/html') === true
      const refusal = asBackendError(error)
      parts.refused(refusal, method, url.pathname)
      const reply = isPage ? errorPage(refusal) : errorReply(refusal)
      // A client that is gone before its body was read gets no answer, right or wrong.
      const name = found && (found.route.operation ?? (found.route.cors && nameOf(found.route)))
      if (name && !isPage && req.errored === null) refusals.publish({ operation: name, ...reply, error })
      return reply
    }
  }
}

const asBackendError = (error: unknown): BackendError =>
  error instanceof BackendError
    ? error
    : new BackendError(500, 'internal_clerk_error', 'Oops, an unexpected error occurred', {
        longMessage: error instanceof Error ? error.message : String(error),
      })

const errorReply = (error: BackendError): Reply => ({
  status: error.status,
  headers: error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) },
  json: errorBody(error),
})

const flat = (headers: IncomingMessage['headers']): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )

/** Resolves with the port. Rejects with Node's error, `EADDRINUSE` for a port that is taken. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
