import type { SessionRecord } from '../../domain/session/record.js'
import type { RenewOptions, SessionSlot } from '../../domain/session/slot.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { FrameworkSession, SESSION_KEY } from './framework-session.js'

/** A session that lies, sealed, in its cookie as a whole: what `getIronSession` of iron-session resolves to. */
export interface SealedSession {
  /** Sets the cookie. */
  save(): Promise<unknown>
}

/**
 * The application's session. One whose rows lie in a store is a {@link SessionSlot}: it has an id, which must be renewed when a
 * user signs in.
 */
export type FetchSession = SessionSlot | SealedSession

/** Loads the session when it is first asked for: a request with a bearer token never does. */
export function loadedSession(load: () => MaybePromise<FetchSession>, hasLocalUser: boolean): SessionSlot {
  let loading: Promise<SessionSlot> | undefined
  const loaded = () => {
    loading ??= (async () => {
      const session = await load()
      return isSlot(session) ? session : new SealedSlot(session, hasLocalUser)
    })()
    return loading
  }
  return {
    read: async () => (await loaded()).read(),
    write: async (record) => (await loaded()).write(record),
    renew: async (options) => (await loaded()).renew(options),
    end: async (options) => (await loaded()).end(options),
  }
}

/** As long as no response is there that could set a cookie, what the session says counts, and nothing in it changes. */
export function writableSession(session: SessionSlot, isWritable: () => boolean): SessionSlot {
  return {
    read: () => session.read(),
    write: (record) => (isWritable() ? session.write(record) : undefined),
    renew: (options) => (isWritable() ? session.renew(options) : false),
    end: (options) => (isWritable() ? session.end(options) : undefined),
  }
}

function isSlot(session: FetchSession): session is SessionSlot {
  return 'read' in session && typeof session.read === 'function'
}

class SealedSlot extends FrameworkSession {
  readonly #session: SealedSession & Record<string, unknown>

  constructor(session: SealedSession, hasLocalUser: boolean) {
    super(hasLocalUser)
    this.#session = session as SealedSession & Record<string, unknown>
  }

  read(): unknown {
    return this.#session[SESSION_KEY]
  }

  async write(record: SessionRecord | undefined): Promise<void> {
    if (record === undefined) delete this.#session[SESSION_KEY]
    else this.#session[SESSION_KEY] = record
    await this.#session.save()
  }

  /** There is no id to renew. What it held is dropped in the cookie by the record that is written next. */
  renew({ keep }: RenewOptions): void {
    if (!keep) this.#drop()
  }

  protected async clear(): Promise<void> {
    this.#drop()
    await this.#session.save()
  }

  #drop(): void {
    for (const key of Object.keys(this.#session)) delete this.#session[key]
  }
}
