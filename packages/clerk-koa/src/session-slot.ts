import type { SessionRecord, SessionSlot } from '@acme/clerk-core'
import type { Context } from 'koa'

/** Our place in `ctx.session`. */
const KEY = 'acmeClerk'

type Fields = Record<string, unknown>

/** What `koa-session` adds to the fields of a session. */
interface KoaSession extends Fields {
  /** Absent where the cookie holds the session. */
  readonly externalKey?: string
  regenerate?(): Promise<void>
  toJSON(): Fields
}

interface SessionContext {
  session?: KoaSession | Fields | null
  readonly sessionOptions?: {
    signed?: boolean
    store?: unknown
    ContextStore?: unknown
    externalKey?: unknown
  }
}

/** The session of `koa-session`; anything else under that name is not ours to write. */
export function sessionSlot(ctx: Context, hasLocalUser: boolean): SessionSlot | undefined {
  const { sessionOptions } = ctx as SessionContext
  if (sessionOptions === undefined) return undefined
  const { signed, store, ContextStore } = sessionOptions
  // An unsigned cookie is whatever the client says it is: trusting a record in it would let anybody be anyone.
  const holdsItself = store === undefined && ContextStore === undefined
  return holdsItself && signed !== true ? undefined : new KoaSessionSlot(ctx as SessionContext, hasLocalUser)
}

class KoaSessionSlot implements SessionSlot {
  readonly #ctx: SessionContext
  readonly #hasLocalUser: boolean

  constructor(ctx: SessionContext, hasLocalUser: boolean) {
    this.#ctx = ctx
    this.#hasLocalUser = hasLocalUser
  }

  read(): unknown {
    return this.#ctx.session?.[KEY]
  }

  write(record: SessionRecord): void {
    if (this.#ctx.session) this.#ctx.session[KEY] = record
    else this.#ctx.session = { [KEY]: record }
  }

  async renew({ keep }: { keep: boolean }): Promise<void> {
    const session = this.#ctx.session as KoaSession | null
    if (session === null) return
    if (!keep) this.#clear()
    // Without a store the cookie is the session, so there is no id to renew.
    if (session.externalKey === undefined) return
    if (session.regenerate === undefined)
      throw new Error('koa-session 7 is needed to renew the id of a session')
    await session.regenerate()
  }

  end(): void {
    if (this.read() === undefined) return
    if (this.#hasLocalUser) delete this.#ctx.session?.[KEY]
    else this.#clear()
  }

  /** Key by key, not `ctx.session = null`: handlers that write to `ctx.session` would find nothing there. */
  #clear(): void {
    const session = this.#ctx.session as KoaSession
    for (const key of Object.keys(session.toJSON())) delete session[key]
  }
}
