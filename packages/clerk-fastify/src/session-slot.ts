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

/** What `@fastify/session` and `@fastify/secure-session` have in common. */
interface AnySession {
  get(key: string): unknown
  set(key: string, value: unknown): void
}

/** `@fastify/session`: the browser holds an id, the store the rest. */
interface ServerSession extends AnySession {
  readonly sessionId: string
  readonly encryptedSessionId: string
  regenerate(keep?: string[]): Promise<void>
  save(done: Done): void
  isModified(): boolean
}

/** `@fastify/secure-session`: the encrypted cookie is the session. */
interface CookieSession extends AnySession {
  data(): Record<string, unknown>
}

type Done<T = unknown> = (error?: unknown, value?: T) => void

/** A store of `@fastify/session`. */
interface SessionStore {
  get(id: string, done: Done<Fields | null>): void
  set(id: string, session: object, done: Done): void
  destroy(id: string, done: Done): void
}

interface SessionRequest {
  session?: unknown
}

interface StoredSessionRequest extends SessionRequest {
  readonly sessionStore: SessionStore
  readonly cookies?: Readonly<Record<string, string | undefined>>
}

/** The framework's session, where it is of one of the two supported packages; any other is not written to. */
export function sessionSlot(request: object, hasLocalUser: boolean): SessionSlot | undefined {
  const session = (request as SessionRequest).session as
    | Partial<ServerSession & CookieSession>
    | null
    | undefined
  if (typeof session?.get !== 'function' || typeof session.set !== 'function') return undefined
  if (typeof session.data === 'function') return new CookieSessionSlot(request, hasLocalUser)
  return typeof session.regenerate === 'function'
    ? new ServerSessionSlot(request, hasLocalUser).leaveMarked()
    : undefined
}

class ServerSessionSlot extends StoredSession {
  readonly #request: StoredSessionRequest

  constructor(request: object, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#request = request as StoredSessionRequest
  }

  /** Read again each time: renewing replaces the session. */
  get #session(): ServerSession {
    return this.#request.session as ServerSession
  }

  read(): unknown {
    return this.#session.get(SESSION_KEY)
  }

  write(record: SessionRecord | undefined): void {
    this.#session.set(SESSION_KEY, record)
  }

  protected rows(keep: boolean): PreparedRows {
    const request = this.#request
    const old = this.#session
    const { sessionStore: store } = request
    const id = old.sessionId
    const kept = keep ? this.#held().filter((key) => key !== SESSION_KEY) : []
    let fresh: ServerSession | undefined
    return {
      store,
      id,
      shared: sentByBrowser(request, old),
      async create() {
        fresh = await regenerateBeside(request, old, kept)
      },
      discard: () => promised((done) => fresh && store.destroy(fresh.sessionId, done)),
      async held() {
        const row = await promised<Fields | null | undefined>((done) => store.get(id, done))
        return row ? (row[SESSION_KEY] ?? null) : undefined
      },
      mark: (marker) => promised((done) => store.set(id, rowOf(marker), done)),
      drop: () => promised((done) => store.destroy(id, done)),
      adopt() {
        request.session = fresh
      },
    }
  }

  /** Without ids @fastify/session neither stores it nor sets a cookie. */
  protected detach(marker: SessionMarker | undefined): void {
    const session = this.#session
    const nothing = { value: undefined, writable: true, enumerable: false }
    const saved = (done?: Done) => (done === undefined ? Promise.resolve() : done())
    const detached = Object.create(session, {
      sessionId: nothing,
      encryptedSessionId: nothing,
      save: { value: saved, enumerable: false },
      reload: { value: saved, enumerable: false },
    })
    for (const key of this.#held()) detached[key] = session.get(key)
    detached[SESSION_KEY] = marker
    this.#request.session = detached
  }

  protected dropMarked(): Promise<unknown> {
    const { sessionId } = Object.getPrototypeOf(this.#session) as ServerSession
    return promised((done) => this.#request.sessionStore.destroy(sessionId, done))
  }

  protected async save(): Promise<void> {
    const session = this.#session
    await promised((done) => session.save(done))
    // A rolling session would be stored once more with the response.
    const value = (done: Done) => {
      if (session.isModified()) Object.getPrototypeOf(session).save.call(session, done)
      else done()
    }
    Object.defineProperty(session, 'save', { value, configurable: true, writable: true, enumerable: false })
  }

  /** Not `destroy`: handlers that write to `request.session` would find nothing there. */
  protected clear(): void {
    for (const key of this.#held()) this.#session.set(key, undefined)
  }

  #held(): string[] {
    return Object.keys(this.#session).filter((key) => key !== 'cookie')
  }
}

/** The same as `regenerate`, which stores the new session; but the old row stays, and so does the request's session. */
async function regenerateBeside(
  request: StoredSessionRequest,
  old: ServerSession,
  kept: string[],
): Promise<ServerSession> {
  const symbol = Object.getOwnPropertySymbols(old).find(({ description }) => description === 'sessionStore')
  if (symbol === undefined) {
    throw new Error('this @fastify/session is not known: the id of a session cannot be renewed')
  }
  const { sessionStore: store } = request
  const keepsOld: SessionStore = {
    get: (id, done) => store.get(id, done),
    set: (id, session, done) => store.set(id, session, done),
    destroy: (_id, done) => done(),
  }
  const made: SessionRequest = Object.create(request, { session: { value: undefined, writable: true } })
  const requestSymbol = Object.getOwnPropertySymbols(old).find(({ description }) => description === 'request')
  const beside: ServerSession = Object.create(old, { [symbol]: { value: keepsOld } })
  if (requestSymbol !== undefined) Object.defineProperty(beside, requestSymbol, { value: made })
  await beside.regenerate(kept)
  const fresh = made.session as ServerSession
  Object.assign(fresh, { [symbol]: store })
  if (requestSymbol !== undefined) Object.assign(fresh, { [requestSymbol]: request })
  return fresh
}

/** @fastify/session makes a new id where it does not know the one it was sent. The cookie may have a prefix. */
function sentByBrowser(
  { cookies = {} }: StoredSessionRequest,
  { encryptedSessionId }: ServerSession,
): boolean {
  return Object.values(cookies).some((value) => value?.endsWith(encryptedSessionId))
}

/** Stores take how long a row lasts from its cookie. */
function rowOf(marker: SessionMarker): Fields {
  const originalMaxAge = MARKER_SECONDS * 1000
  const expires = new Date(Date.now() + originalMaxAge)
  const cookie = { path: '/', httpOnly: true, originalMaxAge, expires, originalExpires: expires }
  return { cookie, [SESSION_KEY]: marker }
}

function promised<T = unknown>(step: (done: Done<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    step((error, value) => (error ? reject(error) : resolve(value as T)))
  })
}

class CookieSessionSlot extends FrameworkSession {
  readonly #request: SessionRequest

  constructor(request: object, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#request = request
  }

  get #session(): CookieSession {
    return this.#request.session as CookieSession
  }

  read(): unknown {
    return this.#session.get(SESSION_KEY)
  }

  write(record: SessionRecord | undefined): void {
    this.#session.set(SESSION_KEY, record)
  }

  /** There is no id to renew. */
  renew({ keep }: RenewOptions): void {
    if (!keep) this.clear()
  }

  protected clear(): void {
    for (const key of Object.keys(this.#session.data())) this.#session.set(key, undefined)
  }
}
