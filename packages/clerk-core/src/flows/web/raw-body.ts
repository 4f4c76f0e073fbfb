import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'

/** Where the bytes of a body can be found. */
export interface BodySource {
  readonly stream: Readable
  readonly headers: IncomingHttpHeaders
  /** The bytes, where a body parser has saved them beside what it parsed. */
  readonly rawBody?: unknown
  /** What a body parser has set as the body; used where it is bytes or text. */
  readonly body?: unknown
}

export type RawBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' | 'timeout' | 'aborted' }
  /** A parser has read the stream and has not saved the bytes. */
  | { readonly kind: 'consumed' }

/**
 * The body exactly as it was sent: a signature covers the bytes, and JSON that is parsed and serialised again has others. Reads no
 * more than `maxBytes`, and not a byte when `Content-Length` announces more.
 */
export function readRawBody(
  source: BodySource,
  limits: { readonly maxBytes: number; readonly timeoutMs: number },
): MaybePromise<RawBody> {
  const { stream, headers, rawBody, body } = source
  const saved = bytesOf(rawBody) ?? bytesOf(body)
  if (saved !== null)
    return saved.byteLength > limits.maxBytes ? { kind: 'too-large' } : { kind: 'bytes', bytes: saved }
  if (stream.readableDidRead) return { kind: 'consumed' }
  if (stream.destroyed) return { kind: 'aborted' }
  if (Number(headers['content-length'] ?? 0) > limits.maxBytes) return { kind: 'too-large' }
  return collect(stream, limits)
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : null
}

function collect(
  stream: Readable,
  { maxBytes, timeoutMs }: { readonly maxBytes: number; readonly timeoutMs: number },
): Promise<RawBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    // The whole body, not the pause between two chunks: a byte a second would hold the connection for ever.
    const timer = setTimeout(() => finish({ kind: 'timeout' }), timeoutMs)
    const onData = (chunk: Buffer) => {
      size += chunk.byteLength
      if (size > maxBytes) finish({ kind: 'too-large' })
      else chunks.push(chunk)
    }
    const onEnd = () => finish({ kind: 'bytes', bytes: Buffer.concat(chunks, size) })
    const onGone = () => finish({ kind: 'aborted' })

    function finish(result: RawBody): void {
      clearTimeout(timer)
      stream.off('data', onData).off('end', onEnd).off('close', onGone).pause()
      resolve(result)
    }

    // The error listener stays: a connection that is reset after the response must not end the process.
    stream.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone)
  })
}
