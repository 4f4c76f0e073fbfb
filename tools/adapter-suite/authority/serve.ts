import type { EventEmitter } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { type AnyAuth, authenticateUpgrade, type Clerk, refuseUpgrade, type SessionSlot } from './core.js'
import { GUARDS, type GuardName } from './guards.js'

/**
 * An event stream of the application, ended when the right to it ends.
 *
 * @param of `guard`: what it was opened with, for a watch that judges the requirement too
 */
export function serveEvents(
  { clerk, bus }: { clerk: Clerk; bus: EventEmitter },
  { auth, res }: { auth: AnyAuth; guard: GuardName; res: ServerResponse },
): void {
  res.writeHead(200, { 'content-type': 'text/event-stream' })
  const say = () => res.write('data: here\n\n')
  const stop = clerk.watch(auth, () => {
    bus.off('tick', say)
    res.end()
  })
  bus.on('tick', say)
  res.once('close', () => {
    bus.off('tick', say)
    stop()
  })
  say()
}

/** WebSockets as the guide serves them, beside any framework. */
export function serveSockets(
  server: Server,
  clerk: Clerk,
  sessionOf: (req: IncomingMessage) => Promise<SessionSlot | undefined>,
): void {
  const wss = new WebSocketServer({ noServer: true })
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    accept(req, socket, head).catch((error: unknown) => socket.destroy(error as Error))
  })

  async function accept(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const guard = req.url?.replace('/ws/', '') as GuardName
    const upgrade = await authenticateUpgrade(clerk, req, {
      requirement: GUARDS[guard],
      session: await sessionOf(req),
    })
    if (upgrade.denial !== null) return refuseUpgrade(socket, upgrade.denial)
    wss.handleUpgrade(req, socket, head, (ws) => {
      upgrade.closes(ws)
      ws.on('message', () => ws.send('here'))
    })
  }
}

/** The session of a request for a WebSocket, where the framework has read it: only looked at, never written. */
export function readOnlySlot(record: unknown): SessionSlot {
  const refuse = () => {
    throw new Error('The session of a WebSocket request is only read.')
  }
  return { read: () => record, write: refuse, renew: refuse, end: () => undefined }
}
