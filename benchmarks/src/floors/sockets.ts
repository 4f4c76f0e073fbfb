import { once } from 'node:events'
import { connect } from 'node:net'

const BATCH = 20

/**
 * A connection that sends prepared requests, some at a time, to a server of this process. Unlike a client that makes
 * requests and reads responses it costs next to nothing, so that what is measured is the server.
 */
export async function openConnection(
  port: number,
  heads: readonly (readonly string[])[],
): Promise<{ sendBatch(i: number): Promise<void>; close(): void }> {
  const socket = connect(port, '127.0.0.1').setNoDelay()
  await once(socket, 'connect')
  const batches = heads.map((_, start) =>
    Buffer.from(
      Array.from({ length: BATCH }, (_, k) => requestOf(heads[(start + k) % heads.length] ?? [])).join(''),
    ),
  )
  let answered: Buffer[] = []
  let bytes = 0
  let expected = Number.POSITIVE_INFINITY
  let done: () => void = () => undefined
  let failed: (error: Error) => void = () => undefined
  let isClosed = false
  socket.once('close', () => {
    isClosed = true
    failed(new Error('the server has closed the connection'))
  })
  socket.on('data', (chunk) => {
    answered.push(chunk)
    bytes += chunk.length
    if (bytes >= expected) done()
  })

  const send = (buffer: Buffer, length: number) =>
    new Promise<void>((resolve, reject) => {
      answered = []
      bytes = 0
      expected = length
      done = resolve
      failed = reject
      if (isClosed) failed(new Error('the server had closed the connection'))
      socket.write(buffer)
    })

  // Of one response, which is as long as every other.
  await send(Buffer.from(requestOf(heads[0] ?? [])), 1)
  const { length } = Buffer.concat(answered)
  return {
    async sendBatch(i) {
      await send(batches[i % batches.length] as Buffer, length * BATCH)
      // A server that refuses is fast: only successful answers count.
      const refused = Buffer.concat(answered).toString('latin1').split('HTTP/1.1 200').length - 1 !== BATCH
      if (refused) throw new Error('the server refuses a request')
    },
    close: () => socket.destroy(),
  }
}

function requestOf(lines: readonly string[]): string {
  return ['GET / HTTP/1.1', 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n')
}
