export type { FetchSession, SealedSession } from '@acme/clerk-core/adapter'
export { type McpAuthInfo, toMcpAuthInfo } from '@acme/clerk-core/adapter'
export { clerkFetch } from './clerk-fetch.js'
export type { AuthContext, ClerkFetch, ClerkFetchOptions, WithAuthOptions } from './types.js'
