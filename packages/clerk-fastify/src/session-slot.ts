import type { SessionRecord, SessionSlot } from '@acme/clerk-core'
import type { FastifyRequest } from 'fastify'

/** Our place in `request.session`. */
const KEY = 'acmeClerk'

/** What `@fastify/session` and `@fastify/secure-session` have in common. */
interface AnySession {
  get(key: string): unknown
  set(key: string, value: unknown): void
}

/** `@fastify/session`: the browser holds an id, the store the rest. */
interface ServerSession extends AnySession {
  readonly sessionId: string
  regenerate(keep?: string[]): Promise<void>
}

/** `@fastify/secure-session`: the encrypted cookie is the session. */
interface CookieSession extends AnySession {
  data(): Record<string, unknown>
}

type SessionRequest = { session?: unknown }

/** The framework's session, when it is one of the two we know; anything else under that name is not ours to write. */
export function sessionSlot(request: FastifyRequest, hasLocalUser: boolean): SessionSlot | undefined {
  const session = (request as SessionRequest).session as
    | Partial<ServerSession & CookieSession>
    | null
    | undefined
  if (typeof session?.get !== 'function' || typeof session.set !== 'function') return undefined
  if (typeof session.data === 'function')
    return new CookieSessionSlot(request as SessionRequest, hasLocalUser)
  if (typeof session.regenerate === 'function')
    return new ServerSessionSlot(request as SessionRequest, hasLocalUser)
  return undefined
}

class ServerSessionSlot implements SessionSlot {
  readonly #request: SessionRequest
  readonly #hasLocalUser: boolean

  constructor(request: SessionRequest, hasLocalUser: boolean) {
    this.#request = request
    this.#hasLocalUser = hasLocalUser
  }

  /** Asked for anew each time: renewing puts another session in its place. */
  get #session(): ServerSession {
    return this.#request.session as ServerSession
  }

  read(): unknown {
    return this.#session.get(KEY)
  }

  write(record: SessionRecord): void {
    this.#session.set(KEY, record)
  }

  renew({ keep }: { keep: boolean }): Promise<void> {
    return this.#session.regenerate(keep ? this.#heldKeys() : [])
  }

  end(): void {
    if (this.read() === undefined) return
    // Not `destroy`: handlers that write to `request.session` would find nothing there.
    for (const key of this.#hasLocalUser ? [KEY] : [KEY, ...this.#heldKeys()])
      this.#session.set(key, undefined)
  }

  #heldKeys(): string[] {
    return Object.keys(this.#session).filter((key) => key !== 'cookie' && key !== KEY)
  }
}

class CookieSessionSlot implements SessionSlot {
  readonly #request: SessionRequest
  readonly #hasLocalUser: boolean

  constructor(request: SessionRequest, hasLocalUser: boolean) {
    this.#request = request
    this.#hasLocalUser = hasLocalUser
  }

  get #session(): CookieSession {
    return this.#request.session as CookieSession
  }

  read(): unknown {
    return this.#session.get(KEY)
  }

  write(record: SessionRecord): void {
    this.#session.set(KEY, record)
  }

  /** There is no id to renew. */
  renew({ keep }: { keep: boolean }): void {
    if (!keep) this.#clear()
  }

  end(): void {
    if (this.read() === undefined) return
    if (this.#hasLocalUser) this.#session.set(KEY, undefined)
    else this.#clear()
  }

  #clear(): void {
    for (const key of Object.keys(this.#session.data())) this.#session.set(key, undefined)
  }
}
