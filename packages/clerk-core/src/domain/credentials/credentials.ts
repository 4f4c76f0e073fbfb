import type { SessionSlot } from '../session/slot.js'

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
  /** The framework's session, where there is one. */
  session?: SessionSlot | undefined
  /** Whoever the application's own login has signed in (hybrid mode). */
  localUser?: unknown
}
