import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import { type Answer, answerOf } from './guards.js'

export type RequestHeaders = Readonly<Record<string, string>>

/** A connection that was let in. */
export interface Connection {
  /** What the server ended it with. */
  readonly closed: Promise<Answer>
  /** Resolves when the server has answered over it. */
  alive(): Promise<unknown>
  end(): void
}

/** An event stream, or what was answered instead. `tick`: makes the server say something. */
export async function openEvents(
  url: string,
  headers: RequestHeaders,
  tick: () => void,
  read: (status: number, body: string) => Answer = answerOf,
): Promise<Connection | Answer> {
  const sent = httpRequest(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const isStream = response.headers['content-type']?.startsWith('text/event-stream')
  if (response.statusCode !== 200 || !isStream) return read(response.statusCode ?? 0, await text(response))
  sent.on('error', () => undefined)
  response.on('error', () => undefined)
  // What ends a stream has no code; that the server ended it is all that a client sees.
  const closed = new Promise<Answer>((resolve) => response.once('close', () => resolve('closed 4401')))
  response.setEncoding('utf8').on('data', () => undefined)
  return {
    closed,
    alive: async () => {
      const said = once(response, 'data')
      tick()
      await said
    },
    end: () => sent.destroy(),
  }
}

/** A WebSocket, or what was answered instead. */
export async function openSocket(url: string, headers: RequestHeaders): Promise<WebSocket | Answer> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers })
  socket.on('error', () => undefined)
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('unexpected-response', (_req, response) => {
      text(response).then((body) => resolve(answerOf(response.statusCode ?? 0, body)), reject)
    })
    socket.once('close', (code) => resolve(`closed ${code} before it was open`))
  })
}

export function closeOf(socket: WebSocket): Promise<Answer> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) resolve('closed before')
    else socket.once('close', (code) => resolve(`closed ${code}`))
  })
}

export async function connectSocket(url: string, headers: RequestHeaders): Promise<Connection | Answer> {
  const socket = await openSocket(url, headers)
  if (typeof socket === 'string') return socket
  return {
    closed: closeOf(socket),
    alive: async () => {
      const said = once(socket, 'message')
      socket.send('who?')
      await said
    },
    end: () => socket.terminate(),
  }
}
