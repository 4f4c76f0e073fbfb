import type { SessionRecord, SessionSlot } from '@acme/clerk-core'
import { FrameworkSession, SESSION_KEY } from '@acme/clerk-core/adapter'

type Fields = Record<string, unknown>

/** What `koa-session` adds to the fields of a session. */
interface KoaSession extends Fields {
  /** Absent where the cookie holds the session. */
  readonly externalKey?: string
  regenerate?(): Promise<void>
  toJSON(): Fields
}

interface SessionContext {
  session?: Fields | null
  readonly sessionOptions?: { signed?: boolean; store?: unknown; ContextStore?: unknown }
}

/** The session of `koa-session`; any other is not written to. */
export function sessionSlot(ctx: object, hasLocalUser: boolean): SessionSlot | undefined {
  const { sessionOptions } = ctx as SessionContext
  if (sessionOptions === undefined) return undefined
  const { signed, store, ContextStore } = sessionOptions
  // The client can write an unsigned cookie: a record in it would let any client sign in as any user.
  const cookieHoldsIt = store === undefined && ContextStore === undefined
  return cookieHoldsIt && signed !== true ? undefined : new KoaSessionSlot(ctx, hasLocalUser)
}

class KoaSessionSlot extends FrameworkSession {
  readonly #ctx: SessionContext

  constructor(ctx: SessionContext, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#ctx = ctx
  }

  read(): unknown {
    return this.#ctx.session?.[SESSION_KEY]
  }

  write(record: SessionRecord | undefined): void {
    this.#session[SESSION_KEY] = record
  }

  async renew({ keep }: { keep: boolean }): Promise<void> {
    if (!keep) this.clear()
    const session = this.#session
    // Without a store the cookie is the session, so there is no id to renew.
    if (session.externalKey === undefined) return
    if (session.regenerate === undefined)
      throw new Error('koa-session 7 is needed to renew the id of a session')
    await session.regenerate()
  }

  /** Key by key, not `ctx.session = null`: handlers that write to `ctx.session` would find nothing there. */
  protected clear(): void {
    const session = this.#session
    for (const key of Object.keys(session.toJSON())) delete session[key]
  }

  /** `null` after the application has dropped it; a new one then takes its place. */
  get #session(): KoaSession {
    this.#ctx.session ??= {}
    return this.#ctx.session as KoaSession
  }
}
