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

/** What `koa-session` adds to the fields of a session. */
interface KoaSession extends Fields {
  readonly isNew: boolean
  /** Store it although nothing changed. */
  _requireSave?: boolean
  regenerate?(): Promise<void>
  toJSON(): Fields
}

interface KoaStore {
  get(id: string, maxAge: unknown, options: object): unknown
  set(id: string, session: Fields, maxAge: unknown, options: object): unknown
  destroy(id: string, options: object): unknown
}

/** The keeper of a request's session in `koa-session`. */
interface SessionKeeper {
  readonly store: KoaStore
  readonly opts: Fields
  externalKey: string | undefined
  session: KoaSession | false | undefined
  create(fields?: Fields, externalKey?: string): void
  save(changed: boolean): Promise<void>
  commit(options?: { save?: boolean; regenerate?: boolean }): Promise<void>
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
  if (store !== undefined || ContextStore !== undefined) {
    return new KoaStoredSession(ctx, hasLocalUser).leaveMarked()
  }
  // The client can write an unsigned cookie: a record in it would let any client sign in as any user.
  return signed === true ? new KoaCookieSession(ctx, hasLocalUser) : undefined
}

/** The browser holds an id, the store the rest. */
class KoaStoredSession extends StoredSession {
  readonly #ctx: SessionContext

  constructor(ctx: SessionContext, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#ctx = ctx
  }

  read(): unknown {
    return this.#ctx.session?.[SESSION_KEY]
  }

  write(record: SessionRecord | undefined): void {
    presentSession(this.#ctx)[SESSION_KEY] = record
  }

  protected rows(keep: boolean): PreparedRows {
    const ctx = this.#ctx
    const old = presentSession(ctx)
    if (old.regenerate === undefined) throw new Error('koa-session 7 is needed to renew the id of a session')
    const keeper = keeperOf(ctx)
    const { store, opts, externalKey: id = '' } = keeper
    const { [SESSION_KEY]: _record, ...held } = old.toJSON()
    const fields = keep ? held : {}
    const options = { ctx, changed: true, rolling: false }
    const aside = keeperBeside(keeper, ctx)
    aside.create({ ...fields })
    const freshId = aside.externalKey as string
    return {
      store,
      id,
      // koa-session makes a new id where it does not know the one it was sent.
      shared: !old.isNew,
      create: () => aside.save(true),
      discard: async () => void (await store.destroy(freshId, options)),
      async held() {
        const row = (await store.get(id, opts['maxAge'], options)) as Fields | null | undefined
        return row ? (row[SESSION_KEY] ?? null) : undefined
      },
      async mark(marker) {
        const ms = MARKER_SECONDS * 1000
        await store.set(id, { [SESSION_KEY]: marker, _expire: Date.now() + ms }, ms, options)
      },
      drop: async () => void (await store.destroy(id, options)),
      adopt() {
        keeper.create(fields, freshId)
        presentSession(ctx)._requireSave = true
      },
    }
  }

  /** All that koa-session stores, drops and sends, it does when it commits. */
  protected detach(marker: SessionMarker | undefined): void {
    presentSession(this.#ctx)[SESSION_KEY] = marker
    const keeper = keeperOf(this.#ctx)
    keeper.commit = async () => undefined
  }

  protected async dropMarked(): Promise<void> {
    const { store, externalKey } = keeperOf(this.#ctx)
    if (externalKey !== undefined) await store.destroy(externalKey, { ctx: this.#ctx })
  }

  protected async save(): Promise<void> {
    const ctx = this.#ctx
    const keeper = keeperOf(ctx)
    const saved = JSON.stringify(presentSession(ctx))
    await keeper.save(true)
    const { commit } = keeper
    keeper.commit = async (options) => {
      // A handler may have written to it since.
      if (options !== undefined || JSON.stringify(ctx.session) !== saved) await commit.call(keeper, options)
    }
  }

  protected clear(): void {
    clearKeys(presentSession(this.#ctx))
  }
}

/** Without a store the cookie is the session, so there is no id to renew. */
class KoaCookieSession extends FrameworkSession {
  readonly #ctx: SessionContext

  constructor(ctx: SessionContext, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#ctx = ctx
  }

  read(): unknown {
    return this.#ctx.session?.[SESSION_KEY]
  }

  write(record: SessionRecord | undefined): void {
    presentSession(this.#ctx)[SESSION_KEY] = record
  }

  renew({ keep }: RenewOptions): void {
    if (!keep) this.clear()
  }

  protected clear(): void {
    clearKeys(presentSession(this.#ctx))
  }
}

/** `null` after the application has dropped it; a new one then takes its place. */
function presentSession(ctx: SessionContext): KoaSession {
  ctx.session ??= {}
  return ctx.session as KoaSession
}

/** Key by key, not `ctx.session = null`: handlers that write to `ctx.session` would find nothing there. */
function clearKeys(session: KoaSession): void {
  for (const key of Object.keys(session.toJSON())) delete session[key]
}

/** It lies on the context behind a symbol that koa-session does not export. */
function keeperOf(ctx: object): SessionKeeper {
  for (const symbol of Object.getOwnPropertySymbols(ctx)) {
    const value: unknown = Reflect.get(ctx, symbol)
    if (
      typeof value === 'object' &&
      value !== null &&
      'initFromExternal' in value &&
      'externalKey' in value
    ) {
      return value as object as SessionKeeper
    }
  }
  throw new Error('this koa-session is not known: the id of a session cannot be renewed')
}

/** Stores as koa-session does, and sets no cookie. */
function keeperBeside(keeper: SessionKeeper, ctx: object): SessionKeeper {
  const silent = Object.create(ctx, { cookies: { value: { set: () => undefined } } })
  const Keeper = keeper.constructor as new (ctx: object, opts: Fields) => SessionKeeper
  return new Keeper(silent, { ...keeper.opts, externalKey: undefined })
}
