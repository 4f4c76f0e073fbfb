import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { deserialize, serialize } from 'node:v8'
import type { Stores } from '../src/options.js'

/** What a process whose stores are elsewhere may call. */
export type Remote = Record<string, object>

interface Call {
  readonly id: number
  readonly target: string
  readonly method: string
  readonly args: unknown[]
}

type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string })

export interface StoreServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves objects over a socket of loopback. `around` sees every call and may end the world before or after it.
 * Dates survive: messages are structured clones.
 */
export async function serveStores(
  targets: Remote,
  around: (call: { target: string; method: string }, run: () => Promise<unknown>) => Promise<unknown>,
): Promise<StoreServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    // A killed process leaves a broken socket behind: that is the point.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    onMessages(socket, async (message) => {
      const { id, target, method, args } = message as Call
      const object = targets[target] as Record<string, (...args: unknown[]) => unknown>
      const answer = await around({ target, method }, async () => object[method]?.(...args)).then(
        (value): Answer => ({ id, value }),
        (error: unknown): Answer => ({ id, error: String(error) }),
      )
      if (!socket.destroyed) send(socket, answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The other end: objects whose every method is a call. */
export async function connectRemote(port: number): Promise<(target: string) => object> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const waiting = new Map<number, (answer: Answer) => void>()
  let calls = 0
  onMessages(socket, (message) => {
    const answer = message as Answer
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  return (target) =>
    new Proxy(
      {},
      {
        get: (_, method) =>
          method === 'then' || typeof method !== 'string'
            ? undefined
            : (...args: unknown[]) =>
                new Promise((resolve, reject) => {
                  const id = calls++
                  waiting.set(id, (answer) =>
                    'error' in answer ? reject(new Error(answer.error)) : resolve(answer.value),
                  )
                  send(socket, { id, target, method, args } satisfies Call)
                }),
      },
    )
}

/** The three stores of another process. */
export async function connectStores(port: number): Promise<Stores & { log: (target: string) => object }> {
  const remote = await connectRemote(port)
  return {
    users: remote('users') as Stores['users'],
    organizations: remote('organizations') as Stores['organizations'],
    inbox: remote('inbox') as Stores['inbox'],
    log: remote,
  }
}

function send(socket: Socket, message: unknown): void {
  const body = serialize(message)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  socket.write(Buffer.concat([head, body]))
}

function onMessages(socket: Socket, receive: (message: unknown) => unknown): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE()
      const message: unknown = deserialize(rest.subarray(4, end))
      rest = rest.subarray(end)
      receive(message)
    }
  })
}
