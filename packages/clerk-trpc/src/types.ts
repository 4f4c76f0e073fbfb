import type { Auth } from '@acme/clerk-core'
import type { AnyAuth } from '@acme/clerk-core/adapter'

export type { Authorized } from '@acme/clerk-core/adapter'

/**
 * What `createClerkContext` makes; spread it into a context of your own. Over a connection `auth` is what it was opened with:
 * the procedures of `createGuards` see, in its place, what is true when they are called.
 */
export interface ClerkContext<A extends AnyAuth = Auth> {
  readonly auth: A
}

export interface ClerkContextOptions {
  /**
   * Lets `currentAuth(clerk)` be called without the context, by all that the procedures of `createGuards` call. Default
   * `false`, which costs nothing.
   */
  context?: boolean | undefined
}

/** What tRPC's adapters hand to `createContext`: Express, standalone, Fastify, fetch, and WebSocket. */
export interface ContextOptions {
  readonly req: {
    readonly headers: Headers | NodeHeaders
    readonly method?: string | undefined
    /** Express and Fastify. */
    readonly ip?: string | undefined
    /** Node. */
    readonly socket?: { readonly remoteAddress?: string | undefined }
  }
  /** The response, Fastify's reply, or the WebSocket. */
  readonly res?: unknown
  readonly info?: {
    readonly type?: string
    /** The header `trpc-accept`. */
    readonly accept?: string | null
    /** Aborted when the client leaves. */
    readonly signal?: AbortSignal
    readonly connectionParams?: Readonly<Record<string, string | undefined>> | null
  }
}

export type NodeHeaders = Readonly<Record<string, string | string[] | undefined>>
