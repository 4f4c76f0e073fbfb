import { createClerk, fromEnv } from '@acme/clerk-core'
import { prismaStore } from '@acme/clerk-prisma'
import type { Database } from './database.js'

export type TeamClerk = ReturnType<typeof createTeamClerk>

// Gives `request.auth.user` the type of our own row.
declare module '@acme/clerk-core' {
  interface Register {
    clerk: TeamClerk
  }
}

export function createTeamClerk(prisma: Database, env: Readonly<Record<string, string | undefined>>) {
  return createClerk(fromEnv(env), prismaStore(prisma))
}
