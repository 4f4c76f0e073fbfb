import type { ClosableSocket, ClosableStream, ConnectionEnd } from './connection.js'

/** WHATWG: `readyState` of a WebSocket that is closed, and says so no more. */
const CLOSED = 3

interface Closing {
  /** Whether it has closed already: no event will tell. */
  readonly isClosed: boolean
  onClose(listener: () => void): void
  close(end: ConnectionEnd): void
}

/** @throws {TypeError} for what cannot be closed: now, not when it would have to be */
export function closingOf(target: unknown): Closing {
  if (isSocket(target)) {
    return {
      isClosed: target.readyState === CLOSED,
      onClose: (listener) => void target.once('close', listener),
      close({ code, reason }) {
        // A client may delay its close frame; messages that it sends until then are dropped.
        target.removeAllListeners?.('message')
        target.close(code, reason)
      },
    }
  }
  if (isStream(target)) {
    return {
      isClosed: target.destroyed === true,
      onClose: (listener) => void target.once('close', listener),
      // Not `end`: what the application writes afterwards would be an error event, which ends the process.
      close: () => void target.destroy(),
    }
  }
  throw new TypeError(
    'closes() cannot close this: it needs a WebSocket with close(code, reason) and once("close", …), as `ws` has them, or a response with destroy() and once("close", …). For other connections, of socket.io for instance, use onEnd(() => socket.disconnect(true)).',
  )
}

function isSocket(target: unknown): target is ClosableSocket & {
  readonly readyState?: unknown
  removeAllListeners?(event: 'message'): unknown
} {
  return hasMethods(target, 'close', 'once')
}

function isStream(target: unknown): target is ClosableStream & { readonly destroyed?: unknown } {
  return hasMethods(target, 'destroy', 'once')
}

function hasMethods(target: unknown, ...names: readonly string[]): boolean {
  if (typeof target !== 'object' || target === null) return false
  return names.every((name) => typeof (target as Record<string, unknown>)[name] === 'function')
}
