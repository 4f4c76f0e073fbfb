import type { SessionRecord, SessionSlot } from '@acme/clerk-core'
import { FrameworkSession, SESSION_KEY } from '@acme/clerk-core/adapter'

type Fields = Record<string, unknown>

/** What `express-session` adds to the fields of a session. */
interface ServerSession extends Fields {
  cookie: { maxAge?: number | null; originalMaxAge: number | null }
  regenerate(done: (error?: unknown) => void): unknown
}

interface SessionRequest {
  session?: unknown
  sessionOptions?: { signed?: boolean }
}

/** The framework's session, where it is of one of the two supported packages; any other is not written to. */
export function sessionSlot(req: object, hasLocalUser: boolean): SessionSlot | undefined {
  // Both packages define it on the request itself; to look for what is not there costs the whole chain of prototypes.
  if (!Object.hasOwn(req, 'session')) return undefined
  const { session } = req as SessionRequest
  if (typeof session !== 'object' || session === null) return undefined
  if ('regenerate' in session) return new ServerSessionSlot(req, hasLocalUser)
  // The client can write an unsigned cookie: a record in it would let any client sign in as any user.
  const isSignedCookie = 'isPopulated' in session && (req as SessionRequest).sessionOptions?.signed === true
  return isSignedCookie ? new CookieSessionSlot(req, hasLocalUser) : undefined
}

abstract class RequestSession<F extends Fields> extends FrameworkSession {
  readonly #req: SessionRequest

  constructor(req: SessionRequest, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#req = req
  }

  /** Read again each time: renewing replaces the session. */
  protected get session(): F {
    return (this.#req.session ?? {}) as F
  }

  read(): unknown {
    return this.session[SESSION_KEY]
  }

  write(record: SessionRecord | undefined): void {
    ;(this.session as Fields)[SESSION_KEY] = record
  }
}

/** `express-session`: the browser holds an id, the store the rest. */
class ServerSessionSlot extends RequestSession<ServerSession> {
  async renew({ keep }: { keep: boolean }): Promise<void> {
    const { cookie, [SESSION_KEY]: _record, ...held } = this.session
    await this.clear()
    if (!keep) return
    const fresh = Object.assign(this.session, held)
    // The application may have chosen how long this session lasts ("remember me").
    if (cookie.originalMaxAge !== fresh.cookie.originalMaxAge) fresh.cookie.maxAge = cookie.originalMaxAge
  }

  /** Not `destroy`: handlers that write to `req.session` would find nothing there. */
  protected clear(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.session.regenerate((error) => (error ? reject(error) : resolve()))
    })
  }
}

/** `cookie-session`: the cookie is the session, so there is no id to renew. */
class CookieSessionSlot extends RequestSession<Fields> {
  renew({ keep }: { keep: boolean }): void {
    if (!keep) this.clear()
  }

  /** Key by key: a new, empty session is one that cookie-session does not send, and the old cookie would live on. */
  protected clear(): void {
    for (const key of Object.keys(this.session)) delete this.session[key]
  }
}
