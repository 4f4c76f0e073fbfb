import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to the server that can be cut, as a network does. */
export interface Proxy {
  url: string
  /** Ends every connection and refuses new ones until the function answered is called. */
  cut(): () => void
  /**
   * Nothing comes through any more, and nobody is told: a firewall that forgot the connections, a host that is gone. The
   * function answered lets new connections through; those that went silent stay so.
   */
  goSilent(): () => void
  close(): Promise<void>
}

export async function openProxy(url: string): Promise<Proxy> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let isCut = false
  let isSilent = false
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((socket) => {
    track(socket)
    if (isCut) {
      socket.destroy()
      return
    }
    if (isSilent) {
      socket.pause()
      return
    }
    const upstream = connect({ host: target.hostname, port: Number(target.port || 27017) })
    track(upstream)
    socket.pipe(upstream).pipe(socket)
    socket.on('close', () => upstream.destroy())
    upstream.on('close', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const endAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.replace(target.host, `127.0.0.1:${port}`),
    cut() {
      isCut = true
      endAll()
      return () => {
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
      endAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
