import type { SessionRecord, SessionSlot } from '@acme/clerk-core/adapter'
import {
  FrameworkSession,
  MARKER_SECONDS,
  type PreparedRows,
  type RenewOptions,
  SESSION_KEY,
  type SessionMarker,
  StoredSession,
} from '@acme/clerk-core/adapter'

type Fields = Record<string, unknown>

type Done<T = unknown> = (error?: unknown, value?: T) => void

interface SessionCookie {
  maxAge?: number | null
  originalMaxAge: number | null
}

/** What `express-session` adds to the fields of a session. */
interface ServerSession extends Fields {
  readonly id: string
  cookie: SessionCookie
  regenerate(done: Done): unknown
  save(done: Done): unknown
}

/** A store of `express-session`, with what that adds to it. */
interface SessionStore {
  get(id: string, done: Done<Fields | null>): unknown
  set(id: string, session: Fields, done: Done): unknown
  destroy(id: string, done: Done): unknown
  generate(req: object): void
}

interface SessionRequest {
  session?: unknown
  sessionOptions?: { signed?: boolean }
}

interface StoredSessionRequest extends SessionRequest {
  readonly headers: { readonly cookie?: string | undefined }
  readonly sessionStore: SessionStore
  sessionID: string | undefined
}

/** The framework's session, where it is of one of the two supported packages; any other is not written to. */
export function sessionSlot(req: object, hasLocalUser: boolean): SessionSlot | undefined {
  // Both packages define it on the request itself; to look for what is not there costs the whole chain of prototypes.
  if (!Object.hasOwn(req, 'session')) return undefined
  const { session } = req as SessionRequest
  if (typeof session !== 'object' || session === null) return undefined
  if ('regenerate' in session) return new ServerSessionSlot(req, hasLocalUser).leaveMarked()
  // The client can write an unsigned cookie: a record in it would let any client sign in as any user.
  const isSignedCookie = 'isPopulated' in session && (req as SessionRequest).sessionOptions?.signed === true
  return isSignedCookie ? new CookieSessionSlot(req, hasLocalUser) : undefined
}

/** `express-session`: the browser holds an id, the store the rest. */
class ServerSessionSlot extends StoredSession {
  readonly #req: StoredSessionRequest

  constructor(req: object, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#req = req as StoredSessionRequest
  }

  /** Read again each time: renewing replaces the session. */
  get #session(): ServerSession {
    return (this.#req.session ?? {}) as ServerSession
  }

  read(): unknown {
    return this.#session[SESSION_KEY]
  }

  write(record: SessionRecord | undefined): void {
    this.#session[SESSION_KEY] = record
  }

  protected rows(keep: boolean): PreparedRows {
    const req = this.#req
    const { sessionStore: store, sessionID: id = '' } = req
    const old = this.#session
    const fresh = newSession(req, keep ? old : null)
    return {
      store,
      id,
      shared: sentByBrowser(req, id),
      create: () => promised((done) => fresh.save(done)),
      discard: () => promised((done) => store.destroy(fresh.id, done)),
      async held() {
        const row = await promised<Fields | null | undefined>((done) => store.get(id, done))
        return row ? (row[SESSION_KEY] ?? null) : undefined
      },
      mark: (marker) => promised((done) => store.set(id, rowOf(marker, old.cookie), done)),
      drop: () => promised((done) => store.destroy(id, done)),
      adopt() {
        req.session = fresh
        req.sessionID = fresh.id
      },
    }
  }

  /** Without an id express-session neither stores the session, nor prolongs it, nor sets a cookie. */
  protected detach(marker: SessionMarker | undefined): void {
    const req = this.#req
    const session = this.#session
    session[SESSION_KEY] = marker
    req.sessionID = undefined
    const answered = (done?: Done) => {
      done?.()
      return session
    }
    // A handler may save it itself.
    for (const name of ['save', 'reload']) {
      Object.defineProperty(session, name, { value: answered, configurable: true, writable: true })
    }
  }

  protected dropMarked(): Promise<unknown> {
    return promised((done) => this.#req.sessionStore.destroy(this.#session.id, done))
  }

  /** A new session that holds nothing is not stored, unless the application says so. */
  protected async save(): Promise<void> {
    const session = this.#session
    const isEmpty = Object.keys(session).every((key) => key === 'cookie' || session[key] === undefined)
    if (!isEmpty) await promised((done) => session.save(done))
  }

  /** Not `destroy`: handlers that write to `req.session` would find nothing there. */
  protected async clear(): Promise<void> {
    await promised((done) => this.#session.regenerate(done))
  }
}

/** Made beside the session of the request, which stays as it is. */
function newSession(req: StoredSessionRequest, kept: ServerSession | null): ServerSession {
  const { session, sessionID } = req
  req.sessionStore.generate(req)
  const fresh = req.session as ServerSession
  Object.assign(req, { session, sessionID })
  if (kept === null) return fresh
  const { cookie, [SESSION_KEY]: _record, ...held } = kept
  Object.assign(fresh, held)
  // The application may have chosen how long this session lasts ("remember me").
  if (cookie.originalMaxAge !== fresh.cookie.originalMaxAge) fresh.cookie.maxAge = cookie.originalMaxAge
  return fresh
}

/** express-session makes a new id where it does not know the one it was sent. */
function sentByBrowser({ headers }: StoredSessionRequest, id: string): boolean {
  return headers.cookie !== undefined && unescaped(headers.cookie).includes(`s:${id}.`)
}

function unescaped(text: string): string {
  return text.replace(/%3A/gi, ':').replace(/%2B/gi, '+').replace(/%2F/gi, '/')
}

/** Stores take how long a row lasts from its cookie. */
function rowOf(marker: SessionMarker, like: SessionCookie): Fields {
  const cookie: SessionCookie = Object.create(Object.getPrototypeOf(like))
  Object.assign(cookie, { path: '/', httpOnly: true })
  cookie.maxAge = MARKER_SECONDS * 1000
  return { cookie, [SESSION_KEY]: marker }
}

function promised<T = unknown>(step: (done: Done<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    step((error, value) => (error ? reject(error) : resolve(value as T)))
  })
}

/** `cookie-session`: the cookie is the session, so there is no id to renew. */
class CookieSessionSlot extends FrameworkSession {
  readonly #req: SessionRequest

  constructor(req: object, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#req = req
  }

  get #session(): Fields {
    return (this.#req.session ?? {}) as Fields
  }

  read(): unknown {
    return this.#session[SESSION_KEY]
  }

  write(record: SessionRecord | undefined): void {
    this.#session[SESSION_KEY] = record
  }

  renew({ keep }: RenewOptions): void {
    if (!keep) this.clear()
  }

  /** Key by key: a new, empty session is one that cookie-session does not send, and the old cookie would live on. */
  protected clear(): void {
    const session = this.#session
    for (const key of Object.keys(session)) delete session[key]
  }
}
