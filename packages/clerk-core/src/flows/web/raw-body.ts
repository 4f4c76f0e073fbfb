import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'

/** Where the bytes of a body can be found. */
export interface BodySource {
  /** Node's, or the body of a fetch `Request`, which is `null` where none was sent. */
  readonly stream: Readable | ReadableStream<Uint8Array> | null
  /** Of a fetch `Request`: whether its body has been read. Node's stream says so itself. */
  readonly bodyUsed?: boolean
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
export function readRawBody(source: BodySource, limits: Limits): MaybePromise<RawBody> {
  const { stream, headers, rawBody, body } = source
  const saved = bytesOf(rawBody) ?? bytesOf(body)
  if (saved !== null)
    return saved.byteLength > limits.maxBytes ? { kind: 'too-large' } : { kind: 'bytes', bytes: saved }
  if (stream === null) return { kind: 'bytes', bytes: new Uint8Array() }
  const isWeb = stream instanceof ReadableStream
  if (isWeb ? source.bodyUsed === true || stream.locked : stream.readableDidRead) return { kind: 'consumed' }
  if (!isWeb && stream.destroyed) return { kind: 'aborted' }
  if (Number(headers['content-length'] ?? 0) > limits.maxBytes) return { kind: 'too-large' }
  return isWeb ? collectWeb(stream, limits) : collect(stream, limits)
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : null
}

interface Limits {
  readonly maxBytes: number
  readonly timeoutMs: number
}

async function collectWeb(
  stream: ReadableStream<Uint8Array>,
  { maxBytes, timeoutMs }: Limits,
): Promise<RawBody> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'timeout')
  })
  try {
    for (;;) {
      const next = await Promise.race([reader.read(), late])
      if (next === 'timeout') return { kind: 'timeout' }
      if (next.done) return { kind: 'bytes', bytes: Buffer.concat(chunks, size) }
      size += next.value.byteLength
      if (size > maxBytes) return { kind: 'too-large' }
      chunks.push(next.value)
    }
  } catch {
    // The stream of a body fails with its connection.
    return { kind: 'aborted' }
  } finally {
    clearTimeout(timer)
    // Not cancelled: Node would destroy the connection, and with it the response.
    reader.releaseLock()
  }
}

function collect(stream: Readable, { maxBytes, timeoutMs }: Limits): Promise<RawBody> {
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
