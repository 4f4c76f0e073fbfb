/**
 * The framework's own session, and the place in it that is ours. Credentials only carry it: what is read from it and
 * written into it is `SessionSlot`'s affair. Every method may return a promise.
 */
interface CarriedSession {
  /** What is in our place: unvalidated, `undefined` or `null` when there is nothing. */
  read(): unknown
  write(record: unknown): void | Promise<void>
  /**
   * A new session id where the framework's package has ids (against session fixation).
   * `keep: false` drops what the session held: it was another person's.
   *
   * Several requests of a browser sign in at once with the same id. Where the rows of sessions are in a store, `marker`
   * (plain JSON) takes the place of the old row, in our place of it, for a minute. `read` then answers it.
   *
   * @param options.signal aborted when `store.timeoutSeconds` have passed: the request goes on without its session
   * @returns `false`, or a promise of it, where another request has renewed the id: nothing of this session is written, and no cookie is set
   */
  renew(options: { keep: boolean; marker: object; signal: AbortSignal }): unknown
  /**
   * Does nothing where there is no record of ours. Else drops our record and, unless the application has a local
   * user in the same session, everything else it held. Drops the row of a marker.
   */
  end(options?: { signal: AbortSignal }): void | Promise<void>
}

/** What a request carries, raw, as the framework received it. Every field is optional; `null`, as `Headers.get` has it, is absent. */
export interface Credentials {
  /** `Authorization` header. A scheme that is not Bearer is ignored. */
  authorization?: string | null | undefined
  /** `X-API-Key` header: looked at where `accept.apiKeyHeader` is set, and refused beside a bearer. */
  apiKey?: string | null | undefined
  /** `Cookie` header. */
  cookie?: string | null | undefined
  /** `Origin` header. */
  origin?: string | null | undefined
  /** `Sec-Fetch-Site` header. */
  fetchSite?: string | null | undefined
  /** `Sec-Fetch-Dest` header. */
  fetchDest?: string | null | undefined
  /** HTTP method; absent, it counts as unsafe. */
  method?: string | null | undefined
  /** True for a WebSocket upgrade, which is always unsafe: browsers send cookies with it across sites. */
  upgrade?: boolean | undefined
  /** `X-Organization-Id` header: the organisation this request is about. */
  organization?: string | null | undefined
  /**
   * Address of the client, as the framework knows it (by its own rules for trusted proxies). For limits alone: it grants
   * and refuses nothing. Only looked at where a machine credential is sent.
   */
  clientAddress?: string | undefined
  /** The framework's session, where there is one. */
  session?: CarriedSession | undefined
  /** The user whom the application's own login has signed in (hybrid mode). */
  localUser?: unknown
}

/** Credentials in which what is absent is `undefined`, and nothing else. */
export type PresentCredentials = { readonly [K in keyof Credentials]: Exclude<Credentials[K], null> }

const HEADERS = [
  'authorization',
  'apiKey',
  'cookie',
  'origin',
  'fetchSite',
  'fetchDest',
  'method',
  'organization',
] as const satisfies readonly (keyof Credentials)[]

/** Read once, at the door: behind it nothing has to remember that absent has two names. */
export function withoutNulls(credentials: Credentials): PresentCredentials {
  if (HEADERS.every((name) => credentials[name] !== null)) return credentials as PresentCredentials
  return Object.fromEntries(Object.entries(credentials).filter(([, value]) => value !== null))
}
