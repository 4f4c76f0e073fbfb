import { createClerk, fromEnv, memoryStore } from '@acme/clerk-core'

export type TeamClerk = ReturnType<typeof createTeamClerk>

declare module '@acme/clerk-core' {
  interface Register {
    clerk: TeamClerk
  }
}

export function createTeamClerk(env: Readonly<Record<string, string | undefined>>) {
  // Users and organisations in memory: gone with the process, and fetched from Clerk again when they are needed.
  return createClerk(fromEnv(env), memoryStore())
}
