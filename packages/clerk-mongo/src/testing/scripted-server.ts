import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { BSON, type Document } from 'mongodb'

/** What the server says to a command instead of its own answer; `undefined`: its own. */
export type Script = (command: Document) => Document | undefined

/** The server, but for what the script answers, on the wire: the driver makes of that what it makes of a real answer. */
export interface ScriptedServer {
  url: string
  script: Script
  close(): Promise<void>
}

const OP_MSG = 2013
const HEADER_BYTES = 16

/** The command of an `OP_MSG`, with the documents that the driver sends beside it. */
function commandOf(message: Buffer): Document | null {
  if (message.readInt32LE(12) !== OP_MSG) return null
  const command: Document = {}
  let at = HEADER_BYTES + 4
  while (at < message.length) {
    const kind = message[at]
    const size = message.readInt32LE(at + 1)
    if (kind === 0) Object.assign(command, BSON.deserialize(message.subarray(at + 1, at + 1 + size)))
    at += 1 + size
  }
  return command
}

function answerTo(message: Buffer, document: Document): Buffer {
  const body = BSON.serialize(document)
  const answer = Buffer.alloc(HEADER_BYTES + 5 + body.length)
  answer.writeInt32LE(answer.length, 0)
  answer.writeInt32LE(message.readInt32LE(4), 8)
  answer.writeInt32LE(OP_MSG, 12)
  answer.set(body, HEADER_BYTES + 5)
  return answer
}

export async function openScriptedServer(url: string): Promise<ScriptedServer> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((socket) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port || 27017) })
    track(socket)
    track(upstream)
    upstream.pipe(socket)
    socket.on('close', () => upstream.destroy())
    let pending = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= HEADER_BYTES && pending.length >= pending.readInt32LE(0)) {
        const message = pending.subarray(0, pending.readInt32LE(0))
        pending = pending.subarray(message.length)
        const command = commandOf(message)
        const answer = command === null ? undefined : scripted.script(command)
        if (answer === undefined) upstream.write(message)
        else socket.write(answerTo(message, answer))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const scripted: ScriptedServer = {
    url: url.replace(target.host, `127.0.0.1:${port}`),
    script: () => undefined,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return scripted
}
