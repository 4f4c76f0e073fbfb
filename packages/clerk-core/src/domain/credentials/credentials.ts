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
   */
  renew(options: { keep: boolean }): void | Promise<void>
  /**
   * Does nothing where there is no record of ours. Else drops our record and, unless the application has a local
   * user in the same session, everything else it held.
   */
  end(): void | Promise<void>
}

/** What a request carries, raw, as the framework received it. Every field is optional. */
export interface Credentials {
  /** `Authorization` header. A scheme that is not Bearer is ignored. */
  authorization?: string | undefined
  /** `Cookie` header. */
  cookie?: string | undefined
  /** `Origin` header. */
  origin?: string | undefined
  /** `Sec-Fetch-Site` header. */
  fetchSite?: string | undefined
  /** `Sec-Fetch-Dest` header. */
  fetchDest?: string | undefined
  /** HTTP method; absent, it counts as unsafe. */
  method?: string | undefined
  /** True for a WebSocket upgrade, which is always unsafe: browsers send cookies with it across sites. */
  upgrade?: boolean | undefined
  /** `X-Organization-Id` header: the organisation this request is about. */
  organization?: string | undefined
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
