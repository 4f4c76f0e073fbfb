import { createClerk, fromEnv, memoryStore } from '@acme/clerk-core'
import { READ } from './tools.js'

declare module '@acme/clerk-core' {
  interface Register {
    clerk: ReturnType<typeof createNotesClerk>
  }
}

/** @throws {ConfigurationError} without `MCP_URL`, and as `createClerk` */
export function createNotesClerk(env: Readonly<Record<string, string | undefined>>) {
  // Users in memory: a user whose assistant comes for the first time is fetched from Clerk.
  return createClerk(fromEnv(env), memoryStore(), {
    // `aud` of every token must be this server; it and its scope are what a client without a token is told to ask for.
    accept: { oauth: { resource: env['MCP_URL'], scopes: [READ] } },
  })
}
