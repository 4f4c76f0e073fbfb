/** The body as text, without ever holding more than `maxBytes`. @throws {RangeError} when there is more */
export async function readLimited(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Not `for await`: leaving such a loop by a throw waits until the body is cancelled.
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    bytes += read.value.byteLength
    if (bytes > maxBytes) {
      cancel(reader)
      throw new RangeError(`The body is larger than ${maxBytes} bytes.`)
    }
    chunks.push(read.value)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}

/** Gives up a body that is not read, which would keep its socket. */
export function discardBody({ body }: Response): void {
  if (body !== null) cancel(body)
}

/** Never waited for: where `fetch` has kept a clone that is not read (loggers, msw), cancelling takes for ever. */
function cancel(body: Pick<ReadableStream, 'cancel'>): void {
  // The connection may be gone already; the answer is known either way.
  body.cancel().catch(() => {})
}
