import type { Auth } from '@acme/clerk-core'
import type { AnyAuth } from '@acme/clerk-core/adapter'

/**
 * What `createClerkContext` makes; spread it into a context of your own. Over a connection `auth` is what it was opened with:
 * the procedures of `createGuards` see, in its place, what is true when they are called.
 */
export interface ClerkContext<A extends AnyAuth = Auth> {
  readonly auth: A
}

type Of<A, K extends AnyAuth['kind']> = Extract<A, { readonly kind: K }>
type Person<A, R> = R extends { readonly org: true }
  ? Of<A, 'user'> & { readonly orgId: string }
  : Of<A, 'user'>

/** The kinds of `Auth` that can meet a requirement: what `ctx.auth` is narrowed to. */
export type Authorized<A, R> = R extends { readonly machine: 'only' }
  ? Of<A, 'machine'>
  : R extends { readonly machine: readonly (infer T)[] }
    ? Of<A, 'machine'> & { readonly tokenType: T }
    :
        | Person<A, R>
        | (R extends { readonly machine: 'allow' } ? Of<A, 'machine'> : never)
        | (R extends { readonly local: 'allow' } ? Of<A, 'local'> : never)

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
