import { randomUUID } from 'node:crypto'
import { isObject } from '../../ground/json/json-reader.js'

/**
 * What a session id keeps after its session has moved to a new one: nothing of the session, and nothing that leads to the
 * new id. Requests that the browser had sent before see by it that they must not sign in once more.
 */
export interface SessionMarker {
  readonly v: 2
  /** Which request left it. A random value: of two processes that leave one at once, the later one wins. */
  readonly movedBy: string
  /** Seconds. */
  readonly until: number
}

/** How long: the requests of a page are answered by then, and a token of Clerk's lives as long. */
export const MARKER_SECONDS = 60

export function makeMarker(nowSeconds: number): SessionMarker {
  return { v: 2, movedBy: randomUUID(), until: nowSeconds + MARKER_SECONDS }
}

/** `null` for everything else that may be in our place of a session. */
export function readMarker(value: unknown): SessionMarker | null {
  if (!isObject(value)) return null
  const { v, movedBy, until } = value
  return v === 2 && typeof movedBy === 'string' && typeof until === 'number' ? { v, movedBy, until } : null
}

/** Also not one that lies further in the future than it could: no clock and no forger makes it last. */
export function isCurrent({ until }: SessionMarker, nowSeconds: number, toleranceSeconds = 0): boolean {
  return until > nowSeconds && until <= nowSeconds + MARKER_SECONDS + toleranceSeconds
}
