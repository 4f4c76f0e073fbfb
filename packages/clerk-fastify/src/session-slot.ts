import type { SessionRecord, SessionSlot } from '@acme/clerk-core'
import { FrameworkSession, SESSION_KEY } from '@acme/clerk-core/adapter'

/** What `@fastify/session` and `@fastify/secure-session` have in common. */
interface AnySession {
  get(key: string): unknown
  set(key: string, value: unknown): void
}

/** `@fastify/session`: the browser holds an id, the store the rest. */
interface ServerSession extends AnySession {
  regenerate(keep?: string[]): Promise<void>
}

/** `@fastify/secure-session`: the encrypted cookie is the session. */
interface CookieSession extends AnySession {
  data(): Record<string, unknown>
}

interface SessionRequest {
  session?: unknown
}

/** The framework's session, where it is of one of the two supported packages; any other is not written to. */
export function sessionSlot(request: object, hasLocalUser: boolean): SessionSlot | undefined {
  const session = (request as SessionRequest).session as
    | Partial<ServerSession & CookieSession>
    | null
    | undefined
  if (typeof session?.get !== 'function' || typeof session.set !== 'function') return undefined
  if (typeof session.data === 'function') return new CookieSessionSlot(request, hasLocalUser)
  return typeof session.regenerate === 'function' ? new ServerSessionSlot(request, hasLocalUser) : undefined
}

abstract class RequestSession<S extends AnySession> extends FrameworkSession {
  readonly #request: SessionRequest

  constructor(request: SessionRequest, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#request = request
  }

  /** Read again each time: renewing replaces the session. */
  protected get session(): S {
    return this.#request.session as S
  }

  read(): unknown {
    return this.session.get(SESSION_KEY)
  }

  write(record: SessionRecord | undefined): void {
    this.session.set(SESSION_KEY, record)
  }
}

class ServerSessionSlot extends RequestSession<ServerSession> {
  renew({ keep }: { keep: boolean }): Promise<void> {
    return this.session.regenerate(keep ? this.#held().filter((key) => key !== SESSION_KEY) : [])
  }

  /** Not `destroy`: handlers that write to `request.session` would find nothing there. */
  protected clear(): void {
    for (const key of this.#held()) this.session.set(key, undefined)
  }

  #held(): string[] {
    return Object.keys(this.session).filter((key) => key !== 'cookie')
  }
}

class CookieSessionSlot extends RequestSession<CookieSession> {
  /** There is no id to renew. */
  renew({ keep }: { keep: boolean }): void {
    if (!keep) this.clear()
  }

  protected clear(): void {
    for (const key of Object.keys(this.session.data())) this.session.set(key, undefined)
  }
}
