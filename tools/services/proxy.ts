import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server that can be cut, as a network is. */
export interface CuttableProxy {
  readonly port: number
  cut(): () => Promise<void>
  /**
   * Nothing comes through any more, and nobody is told: a firewall that forgot the connections, a host that is gone. The
   * function answered lets new connections through; those that went silent stay so.
   */
  goSilent(): () => void
  close(): Promise<void>
}

export async function openProxy(target: { host: string; port: number }): Promise<CuttableProxy> {
  const sockets = new Set<Socket>()
  let isCut = false
  let isSilent = false
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  }
  const server = createServer((client) => {
    if (isCut) return client.destroy()
    if (isSilent) {
      keep(client)
      return client.pause()
    }
    const upstream = connect(target)
    keep(client)
    keep(upstream)
    client.pipe(upstream).pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
      return async () => {
        isCut = false
      }
    },
    goSilent() {
      isSilent = true
      for (const socket of sockets) socket.unpipe().pause()
      return () => {
        isSilent = false
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
