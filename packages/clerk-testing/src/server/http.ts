import type { IncomingMessage, ServerResponse } from 'node:http'
import { BackendError } from './errors.js'
import type { Call } from './route.js'

/** What a handler of this server returns. `json` is sent as Clerk sends it, everything else as it is. */
export interface Reply {
  status?: number
  headers?: Record<string, string | string[]>
  json?: unknown
  text?: string
  bytes?: Buffer
}

const maxBodyBytes = 4 * 1024 * 1024
const mostReadBytes = 64 * 1024 * 1024

/** @throws {BackendError} 413 */
export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    // Read on without keeping it: a client that still writes would not see the answer.
    if (size <= maxBodyBytes) chunks.push(chunk)
    else if (size > mostReadBytes) break
  }
  if (size > maxBodyBytes) throw new BackendError(413, 'request_body_too_large', 'The body is too large')
  return Buffer.concat(chunks)
}

/** @throws {BackendError} 400 `request_body_invalid` */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new BackendError(400, 'request_body_invalid', 'The body is not JSON')
  }
}

/** Texts and file of a form with a file. @throws {BackendError} 400 */
export async function parseMultipart(body: Buffer, type: string): Promise<Pick<Call, 'fields' | 'file'>> {
  const headers = { 'content-type': type }
  const form = await new Response(body, { headers }).formData().catch(() => {
    throw new BackendError(400, 'request_body_invalid', 'The body is not a form')
  })
  let file: Call['file']
  const fields: Record<string, unknown> = {}
  for (const [name, value] of form) {
    if (typeof value === 'string') fields[name] = value
    else file = { type: value.type, bytes: Buffer.from(await value.arrayBuffer()) }
  }
  return { fields, file }
}

export function send(res: ServerResponse, { status = 200, headers = {}, json, text, bytes }: Reply): void {
  const body = bytes ?? (json === undefined ? (text ?? '') : JSON.stringify(json))
  res.writeHead(status, {
    // The official client compares the whole value: no charset.
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
    // RFC 9110 §8.6: an answer without content has no length.
    ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }),
  })
  res.end(body)
}
