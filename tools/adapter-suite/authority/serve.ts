import type { EventEmitter } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Connection } from '@acme/clerk-core'
import { WebSocketServer } from 'ws'
import { authenticateUpgrade, type Clerk, refuseUpgrade, type UpgradeRequest } from './core.js'
import { GUARDS, type GuardName } from './guards.js'

/** An event stream of the application, ended when the right to it ends. */
export function serveEvents(
  bus: EventEmitter,
  { closes }: Pick<Connection, 'closes'>,
  res: ServerResponse,
): void {
  res.writeHead(200, { 'content-type': 'text/event-stream' })
  const say = () => res.write('data: here\n\n')
  bus.on('tick', say)
  res.once('close', () => bus.off('tick', say))
  closes(res)
  say()
}

/**
 * WebSockets as the guide serves them, beside any framework.
 *
 * @param prepare runs the framework's middleware for a request that its application does not see
 */
export function serveSockets(
  server: Server,
  clerk: Clerk,
  prepare: (req: IncomingMessage) => Promise<UpgradeRequest>,
): void {
  const wss = new WebSocketServer({ noServer: true })
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    accept(req, socket, head).catch((error: unknown) => socket.destroy(error as Error))
  })

  async function accept(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const guard = req.url?.replace('/ws/', '') as GuardName
    const upgrade = await authenticateUpgrade(clerk, await prepare(req), { requirement: GUARDS[guard] })
    if (upgrade.denial !== null) return refuseUpgrade(socket, upgrade.denial)
    wss.handleUpgrade(req, socket, head, (ws) => {
      upgrade.closes(ws)
      ws.on('message', () => ws.send('here'))
    })
  }
}
