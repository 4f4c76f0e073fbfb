import type { SessionRecord, SessionSlot } from '@acme/clerk-core'
import type { Request } from 'express'

/** Our place in `req.session`. */
const KEY = 'acmeClerk'

type Fields = Record<string, unknown>

/** What `express-session` adds to the fields of a session. */
interface ServerSession extends Fields {
  cookie: { maxAge?: number | null; originalMaxAge: number | null }
  regenerate(done: (error?: unknown) => void): unknown
}

type SessionRequest = Request & { session?: Fields | null; sessionOptions?: { signed?: boolean } }

/** The framework's session, when it is one of the two we know; anything else under that name is not ours to write. */
export function sessionSlot(req: Request, hasLocalUser: boolean): SessionSlot | undefined {
  const { session, sessionOptions } = req as SessionRequest
  if (typeof session !== 'object' || session === null) return undefined
  if (typeof session.regenerate === 'function') return new ServerSessionSlot(req, hasLocalUser)
  // An unsigned cookie is whatever the client says it is: trusting a record in it would let anybody be anyone.
  const isSignedCookie = 'isPopulated' in session && sessionOptions?.signed === true
  return isSignedCookie ? new CookieSessionSlot(req, hasLocalUser) : undefined
}

/** `express-session`: the browser holds an id, the store the rest. */
class ServerSessionSlot implements SessionSlot {
  readonly #req: SessionRequest
  readonly #hasLocalUser: boolean

  constructor(req: SessionRequest, hasLocalUser: boolean) {
    this.#req = req
    this.#hasLocalUser = hasLocalUser
  }

  read(): unknown {
    return this.#req.session?.[KEY]
  }

  write(record: SessionRecord): void {
    if (this.#req.session) this.#req.session[KEY] = record
  }

  async renew({ keep }: { keep: boolean }): Promise<void> {
    const { cookie, [KEY]: _record, ...held } = this.#req.session as ServerSession
    const fresh = await this.#regenerate()
    if (!keep) return
    Object.assign(fresh, held)
    // The application may have chosen how long this session lasts ("remember me").
    if (cookie.originalMaxAge !== fresh.cookie.originalMaxAge) fresh.cookie.maxAge = cookie.originalMaxAge
  }

  async end(): Promise<void> {
    if (this.read() === undefined) return
    // Not `destroy`: handlers that write to `req.session` would find nothing there.
    if (this.#hasLocalUser) delete this.#req.session?.[KEY]
    else await this.#regenerate()
  }

  #regenerate(): Promise<ServerSession> {
    return new Promise((resolve, reject) => {
      const session = this.#req.session as ServerSession
      session.regenerate((error) => (error ? reject(error) : resolve(this.#req.session as ServerSession)))
    })
  }
}

/** `cookie-session`: the cookie is the session, so there is no id to renew. */
class CookieSessionSlot implements SessionSlot {
  readonly #req: SessionRequest
  readonly #hasLocalUser: boolean

  constructor(req: SessionRequest, hasLocalUser: boolean) {
    this.#req = req
    this.#hasLocalUser = hasLocalUser
  }

  read(): unknown {
    return this.#req.session?.[KEY]
  }

  write(record: SessionRecord): void {
    if (this.#req.session) this.#req.session[KEY] = record
  }

  renew({ keep }: { keep: boolean }): void {
    if (!keep) this.#clear()
  }

  end(): void {
    if (this.read() === undefined) return
    if (this.#hasLocalUser) delete this.#req.session?.[KEY]
    else this.#clear()
  }

  /** Key by key: a new, empty session is one that cookie-session does not send, and the old cookie would live on. */
  #clear(): void {
    const session = this.#req.session ?? {}
    for (const key of Object.keys(session)) delete session[key]
  }
}
